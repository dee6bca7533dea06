"""The tokenizer against examples, against Stanford's own (Java), and against any text at all."""

import importlib.util
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showtell.metrics.tokenizer import ptb_tokenize

FLICKR8K = os.environ.get("SHOWTELL_FLICKR8K")

# --- Examples: a caption, and its tokens with blanks between (~ is a no-break space).

EXAMPLES = {
    "plain words": [
        ("A dog runs , fast .", "a dog runs fast"),
        ("A Dog runs, fast.", "a dog runs fast"),
        ("", ""),
        ("  two \t dogs\n", "two dogs"),
        ("a\r\nb\x0bc\x0cd\x85e\u2028f\u2029g\u3000h\xa0i", "a b c d e f g h i"),
    ],
    "contractions and possessives": [
        ("I can't; she won't, DON'T", "i ca n't she wo n't do n't"),
        ("it's he'll I'm they're you've I'd", "it 's he 'll i 'm they 're you 've i 'd"),
        ("it’s don’t", "it 's do n't"),
        ("the dog's and dogs' toys", "the dog 's and dogs toys"),
        ("bull's-eye", "bull 's eye"),
    ],
    "words that are two": [
        ("cannot gonna wanna gotta gimme lemme", "can not gon na wan na got ta gim me lem me"),
        ("'tis 'Twas", "'t is 't was"),
        ("cannots wannabe gonna's", "cannots wannabe gonna 's"),
    ],
    "apostrophes within words": [
        ("o'clock O'Brien D'Angelo l'eau ma'am", "o'clock o'brien d'angelo l'eau ma'am"),
        ("rock 'n' roll", "rock 'n' roll"),
        ("get 'em 'til y'all 'bout", "get 'em 'til y' all bout"),
        ("the '90s, '98 and 1990's", "the '90s '98 and 1990 's"),
    ],
    "hyphens": [
        ("a t-shirt, mid-1990s mother-in-law", "a t-shirt mid-1990s mother-in-law"),
        ("a - b -- c --- d — e–f", "a b c d e f"),
        ("a ----- b", "a ----- b"),
        ("T-shirt's", "t-shirt 's"),
        ("3-D 4x4 20-20", "3-d 4x4 20-20"),
    ],
    "numbers": [
        ("100,000.00 1,2 .5 -5 10:30", "100,000.00 1,2 .5 -5 10:30"),
        ("10:30am 5pm 50% #1 1st", "10:30 am 5pm 50 % # 1 1st"),
        ("1/2 ½ 1½ 5 1/2", "1/2 1/2 1 1/2 5~1/2"),
        ("(555) 123-4567", "-lrb-555-rrb-~123-4567"),
    ],
    "currency": [
        ("$5.00 US$5 £5 €5 ¥5 5¢", "$ 5.00 us$ 5 # 5 $ 5 ¥ 5 5 cents"),
    ],
    "quotes": [
        ('"hello" “hello” ‘hello’ «hello»', "hello hello hello hello"),
        ("„hello‟", "„ hello ‟"),
        ("“‘hello’”", "``` hello '''"),  # a pair is a token that COCO's list does not have
    ],
    "slashes": [
        ("and/or a/b/c w/ w/o 1/2/2010", "and/or a/b/c w / w/o 1/2/2010"),
    ],
    "stops": [
        ("well... wait…. no . . . yes", "well wait no yes"),
        ("what?! no!!! yes? yes!", "what ?! no !!! yes yes"),
        ("a dog runs.The cat sits", "a dog runs.the cat sits"),
        ("a dog., a cat", "a dog. a cat"),
    ],
    "abbreviations": [
        ("Mr. Smith of St. Louis etc.", "mr. smith of st. louis etc."),
        ("no. 5 but a no. and No. Ten", "no. 5 but a no and no ten"),
        ("Mass. but mass. too", "mass. but mass too"),
        ("sun. on", "sun on"),
    ],
    "acronyms": [
        ("the U.S. Army at 5 p.m. in D.C.", "the u.s. army at 5 p.m. in d.c."),
        ("e.g. u.s.-based", "e.g. u.s.-based"),
        ("plan b. the end", "plan b. the end"),
        ("plan B. The end", "plan b the end"),
        ("AT&T R&B but at&t", "at&t r&b but at & t"),
        ("C++ C#", "c++ c#"),
    ],
    "addresses": [
        ("see http://x.com/a?b=c, www.x.com.", "see http://x.com/a?b=c www.x.com"),
        ("foo@bar.com @user #tag", "foo@bar.com @user #tag"),
        ("x.com/abc 12.jpg", "x.com/abc 12.jpg"),
    ],
    "brackets stay, since COCO's list has them in capitals": [
        ("(a) [b] {c}", "-lrb- a -rrb- -lsb- b -rsb- -lcb- c -rcb-"),
    ],
    "smileys": [(":) :-( ;D ^_^", ":-rrb- :--lrb- ;d ^_^")],
    "XML": [
        ("<b>x</b> a < b", "<b> x </b> a < b"),
        ('<b class="x y">', '<b~class="x~y">'),
        ("&amp; &lt; &gt; &quot; &nbsp; &#39; &foo;", "& < > &#39; & foo"),
    ],
    "other scripts and signs": [
        ("Ein Fuß, naïve CAFÉ İ ΟΔΟΣ", "ein fuß naïve café i̇ οδος"),
        ("犬在跑。 собака كلب", "犬在跑 。 собака كلب"),
        ("e\u0301te\u0301 co\xadop", "e\u0301te\u0301 coop"),
        ("x² ™ ♥ → °", "x ² ™ ♥ → °"),
    ],
    "what Java cannot read is dropped, and parts words": [
        ("a😀b 👍🏽 \x07 \ue000 x\u200dy", "a b x y"),
    ],
}


@pytest.mark.parametrize(
    ("caption", "tokens"), [pytest.param(*e, id=k) for k, es in EXAMPLES.items() for e in es]
)
def test_captions_are_split_as_in_these_examples(caption: str, tokens: str) -> None:
    assert [token.replace("\xa0", "~") for token in ptb_tokenize(caption)] == tokens.split(" ") * (
        tokens != ""
    )


# --- Stanford's own, from pycocoevalcap. What COCO-caption then removes:

_PUNCTUATIONS = "'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;"
COCO_PUNCTUATIONS = set(_PUNCTUATIONS.split())
SENTINEL = "zq"  # between any two lines; lower case, so that no line ends a sentence for it

HARD = r"""
e.g. i.e. u.s. U.S. Army etc. end
in the U.S. He said
in the u.s.
Mr. Smith and mr. smith
Inc. The co.
St. John st. Ave. ave.
a dog etc.
the a.m. he 5 p.m. 5 p.m.
p.m.
rock 'n' roll 'em y'all o'clock '90s 'tis 'twas
1/2 ½ 1½ 5 1/2 dogs
$5.00 US$5 A$ 5$ £5 #1 50% 10:30am 10:30 10:30:20
t-shirt's mother-in-law a/b and/or x.y x.y.z
http://x.com/a?b=c www.x.com foo@bar.com x.com foo.org @user #tag @ #
:) :-D ;-) :( =) :P :-) <3
<b> </b> <b class="x"> <a a < b> <br/> <!-- x --> <x
&amp; &lt; &gt; &quot; &nbsp; & &#39; &foo;
C++ c++ C# AT&T R&B a&b
-- --- ---- — – … .... .. ... . . . ..... !!! ?! ??? !
“hello” ‘hello’ «x» „x‟ `x` ``x'' ''x''
£ € ¥ ¢ $ ¤
(555) 123-4567 555-1234 555-123-4567 1-800-555-1234 +1 555 123 4567
100,000.00 1,2 1,000 1.5 .5 -5 +5 1. 5.
3-D 4x4 20-20 mid-1990s 1990s 90's 1990's 1st 2nd
cannot gonna wanna gotta gimme lemme wanta dunno whaddya Cannot 'tisn't
don't can't won't isn't ain't DON'T cant dont don’t
he's he'll I'd I'm they've they're he’s he`s
dogs' dog's boys'. 's 'll
a_b _ __ ___ a__b * ** *** ~ ^ | \ / // + = == % %%
b/c w/ w/o s/he he/she 1/2/2010 2010-01-01
O'Brien D'Angelo l'amour d'accord n't
a-b- -a a-b a--b a---b a- -
isn`t isn't' "isn't" 'isn't'
dog., x
dog.; x
dog.: x
dog.,x
the dog.! x
dog.? x
dog.) x
dog." x
dog.- x
dog.-x
dog.-- x
dogs.' x
dog.'s x
12., x
5.; x
5.: x
a-b., x
U.S.A., x
é., x
x1., x
dog.、x
-----
------
------- ---
-------
--------
a-----b a------b a----b a---b
==== ====
,,, ;;; :::
in the U.S.
@@ @@@ @@@@ @a@ @a@b @ab#c
<a b=c>
<a b="c">
<a b='c'>
<a b = "c">
<a b="c d">
<a b="c" d="e">
<a b="c"d="e">
<a b>
<a b c>
<a b="c" d>
<a b c="d">
<a b />
<a b/>
<a  b >
<a b1>
<a b-c>
<a b:c>
<a b_c>
<a b.c>
<a é>
<a b,c>
<a 1>
<a b 1>
</a b>
</a >
</ a>
<a
<a href="x>y">
<a href=">">
<!a b>
<!a,b>
<!-- a > b -->
<!-- a b -->
<!--a-->
<! a>
<?a b?>
<?xml version="1.0"?>
<!DOCTYPE html>
<!doctype a "b">
<!1>
<?1>
<!->
<?a>b>
<a|b>
<foo@bar.com>
<http://x.y>
<a b="c'd">
<a b='c"d'>
<a b="é">
<a b="">
<a b="c"/>
<br /> x
a<b c>d
x <the quick brown fox> y
x <the quick, brown fox> y
x <2 dogs> y
x <two 2 dogs> y
the <dog's> y
x <a\b> y
~_~ é's x:y.com
ya'know a.py (5)
a@b.com ;Pa o'b'c
ab.é 1.1a a-+1
#abc_d O’Brien (1-2)
www.é.com a-b1 gonna's
1990's it'S http://a.b...
1x.com/a :-o &QUOT;
'Tis a.b.c.d a_1
x.com/a (<_<) "http://a.b"
li'l 5,6-7 &1;
y'see n'bc -----5
5-½ A&amp;B a#b
a,,b a-d'ab u.s.-based
(x=x) a.b‑c a$b@c
A‘bc A's http://a.
/x.com a-b­c qu'il
CAN'T x[y.com can'T
a.b l'eau (~_~)
don&#39;t a2.b3.c4 1.5-a
gonna'x HK$5 C+++
d'12 foo.bar o'cl
&GT; &oslash; x.Com/a
gonnas 1.com 12345/6
wannabe http://x.y Twas
5+5 dog.A _5_
x.com/a?b a-_- ....
o'clock's http://a.b// x!y.com/a
'12 b&w 'N'
it's' 1,000 l'll
..... &mdash; foo.comx
a,b,c-d x.com/a- foo.TXT
x....com http://a.b/x,y =x.com
a+b http: &atilde;
(T_T) é'll O'C
Tis &#039; gonna1
a're x@a/b :)a
+_+ a.é-b D'ye
(xXx) <a?> 'twere
somethin'x é-b foo-bar.com
a-_-b :)) &middot;
a--b@c IT'S 1@2
'''' &amp @a__b
'dx 1-b an'ts
ya'll 1st WWW.x.com
+x.com `em &ouml;
A+B #a1b2 A'bc-d
O`Brien x.x a.b-c.d.
hafta ?!?! a@@b
'sx http://a.b/x@y a-b.1.
&Nbsp; http://a.b/< ac++
http:// @abé J'a
http://a,b.c http://1.2.3.4 &lT;
+++ A$B li'ls
LI'L #ab-cd www.foo.xyz
a!!b 1.-a x-a.b
'llx can′t 'ss
ab_c-d St.-x (~~)
(-: www.x.com/ www.x.com/a
...x.com b-é <=>
a:1 http://a.b, a.é
foo.biz 1/2/2010 M&Ms
a.b_c a..b 'em-
"x.com/a" a'sb x...com
I'mma a&amp; x.com/
&#x27; o‘brien '99
foo.co.uk @a.b.c ^_^
a/b ‘n’ CAP'N
ab'cd Sec'y don't
's-eye @a-b a"b@c
a.1b x@y: x.com/a.
cap'n a's x-d'12
HALLOWE'EN http://a.b/x% 'nuff
Dunkin'd 5'5 http://.b
HTTP://X.Y 1.1.1 C'MON
-.- http://a.b'x C##
www.x.a1 1–2 ma'am
-a- A'b x.comm/a
'n' 1.com/a x_o'bc
a@b@c @x.com &#X1;
X-O'BC t'a 'n'x
dog.The -.1 (x.com/a)
bo'sun a.b,c-d a.b-c‑d
---- (^x^) 1,000,000
A’bc a.end é.com/a
d'ab C$B$D o.O
<a@b> A&É twas
http://a.b/x^y an't a<b>c
x@y.z's a.gif éb.cd
$1,000.50 &agrave; More'n
'til- www.x.com. www.x.com//
x.edu/a q&a 'em
it's5 C#x x@a,b
http://a.b/x\y a___b don''t
&AElig; (1a) usd$5
it's-x x@a.b. 'tis
Y'all finna he'd
ol'-x x.edu a'v
&x.com <-> dr.-x
&amP; a:b nat'l
<a.b> rock'n'rolla a.foo.com
cannot-x a?!b GOTTA
x@y? o_o <the
it'sé X'bc :-}
mailto:a@b.c ''' y'know
a.com1 t_t a^b
x~y.com <!-- @@@a
http://a-b.c 1A'bc #5.5
----5 a-b-.c &copy;
&Gt; 'Cause a&amp;b
xwww.x.com -a,b-c WANNA
it'd5 A&B's 1<2
5's5 o'bé Foo.Com
ab.cd-ef &nbsp;a x.com//
1!ab http://a.b. a!b@c
xC++ A'b1 rock'n'roll
OL' foo.edu/x http://a.b/x_
o'l'ab a.com. www.x.com?a
én't AT&t 0_0
Jr.-x &yacute; foo.com/bar.
+1-a 1⁄2 http://a.b#x
x'abc d'abc a|b
foo.net/x 4th &NBSP;
<:) ??? ab/cd/
d'ab-c-d 1:1 .x.com
L'Oreal ab.1 (12)
x@y/z foo.info/x 345
x.org/a :-O a_b
a.b.cd @_@ foo.info
it's'x 2nd a...b
ab_cd_ef cannot's foo.jpg/x
O'Brien's x@a$b www.1.com
wit' $5M >>>
x.y-o'bc whatcha www.x.com:80
Z'bc e'en :-]
é's. &#8217; 'EM
(^_^) a_b.com a.com_b
``` x.@y <<x
A'1b 12/34 &euro;
a.é. http://http://a.b =-)
B. THE end
B. the end
x B. However it
etc. The
co.-x
etc.-xyz
Ph.D.-x
U.S. <b>
T. <b> x
Ga.p
ga.p
“‘’”
’’ll
‘‘90s
he said “‘hi’”
`‘`
don&eacute;n't
5&eacute;
á-b
bár
o`o
5.x.com
5.jpg.
5.mp4
IMG_12.jpg
1a.b.jpg
12.,
U.S.A.,
x1.:
'90!
'90s!
'n!
’dog
’n’ ’em
he’sx
it'sx
x@y!
a b@c d
555 123 4567
+44 20 7946 0958
555.123.4567
1 2/3/4
12345 1/2
(^_^) (x_x)
&QUOT; &Mdash; &NDASH;
<a b = 'c'> <a 1>
#a­b a­b 5­5
""".strip().split("\n")

# Strings on which we differ, each for a reason of the module's docstring.
DEPARTURES = {
    "a final sigma beside digits": ["A90Σ", "oΣ90b", "St-Σ中文"],
    "letters younger than Unicode 6.1": ["\u0978", "\u037f"],
    "bounds against hostile text": [
        "a" * 65 + "@b",
        "<!a" + "b" * 1000 + ">",
        "a," * 33 + "b-c",
    ],
}


def _random_string(source: random.Random) -> str:
    """Glue up to nine pieces, with a blank after some."""
    pieces = source.choices((WORDS, NASTY, UNICODE), (5, 6, 1), k=source.randint(1, 9))
    blank = source.choice((0.3, 0.6, 0.9))
    return "".join(
        source.choice(kind) + " " * (source.random() < blank) for kind in pieces
    ).rstrip()


_WORDS = """dog cat The a A the Mr mr U.S u.s St etc Inc no No fig cannot gonna don ca isn can it he
I we they y ol em n rock Brien ma am 90s 90 1990 12 3 5 100 1,000 3.5 1/2 10:30 pm p.m a.m e.g i.e
www com http https x.com foo jpg t-shirt and or w is was T T. café naïve l'eau d'or é É ñ ß İ 中文
犬 собака عربي कुत्ता ไทย b c d o l s t x B D N O S U"""
_NASTY = r"""'s 'S n't N'T 're 've 'll 'd 'm s' .. ... .... -- --- 'n' 't &amp; &lt; &gt; &quot;
&apos; &nbsp; &#39; &eacute; :// <b> </b> <br/> :) :-( ;D =P ^_^ !! ?! 'em 'til 'tis 'twas '90s
'cause o' d' l' O' D' y'all C++ C# AT&T US$ #1 . , ; : ! ? - ' " ( ) [ ] { } < > / \ | @ # $ % ^ &
* _ + = ~ `"""
WORDS, NASTY = _WORDS.split(), _NASTY.split()
_SIGNS = "’‘“”–—…«»‹›€£¥¢½¼⅓²°·®©™§¡¿、。①Ⅳ★☺♥→−×÷№\u0301\u200d\xad\u2011\xa0\u3000\ue000\x07\ufeff"
UNICODE = [*_SIGNS, "😀", "👍🏽"]
_SOURCE = random.Random(20140902)  # the jar's date
RANDOM = [_random_string(_SOURCE) for _ in range(20_000)]


def _flickr8k_captions() -> list[str]:
    if FLICKR8K is None:
        return []
    path = next(Path(FLICKR8K).rglob("Flickr8k.token.txt"))
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines]


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """COCO's tokens of any caption of this module; all of them go through one run of the jar."""
    package = importlib.util.find_spec("pycocoevalcap")
    if shutil.which("java") is None or package is None:
        pytest.skip("needs `java` on the PATH and pycocoevalcap, whose jar is the reference")
    (folder,) = package.submodule_search_locations or ()
    jar = Path(folder) / "tokenizer" / "stanford-corenlp-3.4.1.jar"
    known = [caption for captions in DEPARTURES.values() for caption in captions]
    captions = [*HARD, *known, *RANDOM, *_flickr8k_captions()]
    text = tmp_path_factory.mktemp("java") / "captions.txt"
    text.write_text("".join(f"{c}\n{SENTINEL}\n" for c in captions), encoding="utf-8")
    main = "edu.stanford.nlp.process.PTBTokenizer"
    flags = ["-preserveLines", "-lowerCase", str(text)]
    done = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-cp", str(jar), main, *flags],
        capture_output=True,
        check=True,
    )
    lines = done.stdout.decode().split("\n")
    assert lines[1::2] == [SENTINEL] * len(captions), "Java read across a line's end"
    answers = {
        caption: [t for t in line.rstrip().split(" ") if t and t not in COCO_PUNCTUATIONS]
        for caption, line in zip(captions, lines[::2], strict=False)
    }
    return answers.__getitem__


def test_hard_strings_are_split_as_java_splits_them(java: Callable[[str], list[str]]) -> None:
    assert len(HARD) >= 200
    assert {c: ptb_tokenize(c) for c in HARD} == {c: java(c) for c in HARD}


@pytest.mark.parametrize("reason", DEPARTURES)
def test_known_departures_are_departures(reason: str, java: Callable[[str], list[str]]) -> None:
    for caption in DEPARTURES[reason]:
        assert ptb_tokenize(caption) != java(caption), caption


def test_random_strings_are_split_as_java_splits_them(java: Callable[[str], list[str]]) -> None:
    assert [c for c in RANDOM if ptb_tokenize(c) != java(c)] == []


@pytest.mark.flickr8k
@pytest.mark.skipif(FLICKR8K is None, reason="SHOWTELL_FLICKR8K is not set")
def test_captions_of_flickr8k_are_split_as_java_splits_them(
    java: Callable[[str], list[str]],
) -> None:
    captions = _flickr8k_captions()
    assert len(captions) >= 35_460
    assert [c for c in captions if ptb_tokenize(c) != java(c)] == []


# --- Any text.

PIECES = st.sampled_from([*WORDS, *NASTY, *UNICODE, " "])
TEXTS = st.text() | st.lists(PIECES).map("".join)


@given(TEXTS)
def test_tokens_of_any_text_are_lower_case_without_blanks_and_never_empty(text: str) -> None:
    tokens = ptb_tokenize(text)
    assert tokens == ptb_tokenize(text)
    for token in tokens:
        assert token
        assert token == token.lower()
        assert not set(token) & set(" \t\r\n\f\v\x85\u2028\u2029")  # a no-break space may stand
        assert token not in COCO_PUNCTUATIONS


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,8}[,.!?]?", fullmatch=True)))
def test_tokens_of_plain_sentences_are_split_no_further(words: list[str]) -> None:
    tokens = ptb_tokenize(" ".join(words))
    assert ptb_tokenize(" ".join(tokens)) == tokens


@pytest.mark.parametrize(
    "piece",
    [
        "a-",
        "a.",
        ".",
        "'",
        "1,",
        "(",
        "@",
        "5.a.",
        "<!a",
        "no. ",
        "a,",
        "www.1;",
        "wWw.1'",
        "www.-",
    ],
)
def test_long_hostile_text_is_read_to_its_end(piece: str) -> None:
    """100,000 characters: quadratic reading would take minutes. No rule looks far ahead."""
    assert ptb_tokenize(piece * (100_000 // len(piece)) + " end")[-1] == "end"
