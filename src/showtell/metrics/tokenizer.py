"""COCO-caption's tokenizer without Java: Stanford's PTBTokenizer 3.4.1, less punctuation.

BLEU, ROUGE and CIDEr of the literature are computed on its tokens (`pycocoevalcap.tokenizer`:
flags `-preserveLines -lowerCase`, then a list of marks is removed). It is a lexer: at each place
the longest match wins, and what must follow a token counts in its length. The rules below were
fitted to the Java program's answers to some millions of strings. Standard library only.

A caption is read as a line of its own, as if the next began with a lower-case word.

Departures from Java that are known (tests/metrics/test_tokenizer.py compares the two): 0 of 35,460
captions of Flickr8k, 0 of 310 hard strings, 2 of 200,000 random strings of words, marks and signs;
up to 31 of 100,000 where Σ is among their letters; 0.6 % of strings of characters drawn at random
from many scripts. All are of these kinds:
- Java lowers a last Σ to ς also beside digits, `_` and hyphens.
- Letters younger than Unicode 6.1 are letters here; Java drops them.
- E-mail names over 64 characters, comments in XML over 1,000, chains of dots or commas before a
  hyphen over 64, and hosts of more than nine names or of names over 63 are cut here, or hostile
  text would take quadratic time.
- In Java "AT&T" keeps a stop before a colon, and an address a soft hyphen before it.
- In Java the end of a line is a blank, so a caption's end sees the next caption: "plan b." gives
  `b` before "A dog" and `b.` before "two dogs", "no." stays `no.` before "5 dogs", and
  `<a b="` swallows lines up to the next `">`. A carriage return, a form feed or U+2028 within a
  caption makes two lines, which shifts all captions after it. Here they are blanks.
"""

import re
from collections.abc import Iterator

# --- Characters. Java keeps UTF-16 units of 2012: what lies beyond 16 bits (emoji) is dropped.

_NOT_ALNUM = "_²³¹¼-¾⁰-⁹₀-₉⅐-ↂↅ-ↈ①-➓〇〡-〩〸-〺㈠-㊿\U00010000-\U0010ffff"  # though in \w
_ALNUM = rf"[^\W{_NOT_ALNUM}]"
_LETTER = rf"[^\W\d{_NOT_ALNUM}]"
_DIGIT = r"[^\D\U00010000-\U0010ffff]"
_MARKS = (  # combining marks and modifiers that count as letters, and the soft hyphen
    "\xad\u02c2-\u0375\u0384\u0385\u03f6\u0483-\u0487\u055a-\u055f\u0591-\u05bd\u05bf\u05c1\u05c2"
    "\u05c4\u05c5\u05c7\u0615-\u061a\u064b-\u065e\u0670\u06d6-\u06ef\u06fa-\u06fe\u070f-\u07f3"
    "\u0900-\u0903\u093c-\u094e\u0951-\u0955\u0962\u0963\u0981-\u09e3\u0a01-\u0a4d\u0a81-\u0acd"
    "\u0b82-\u0bcd\u0c01-\u0c03\u0c3e-\u0c56\u0d3e-\u0d48\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd"
)
_ACCENTED = "&[aeiouAEIOU](?:acute|grave|uml);"  # &eacute;
_ANY_LETTER = rf"(?:{_LETTER}|[{_MARKS}]|{_ACCENTED})"
_ANY_ALNUM = rf"(?:{_ALNUM}|[{_MARKS}]|{_ACCENTED})"
_APOS = "(?:['’\x92]|&apos;)"  # of contractions
_APOS_LIKE = "(?:['’\x92`‘\x91‛]|&apos;)"  # within words
_BLANK = r"[ \t\r\n\f\v\x85\xa0\u2000-\u200a\u2028\u2029\u3000]"
_WIDE_BLANKS = r"\xa0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

# --- Words that carry a full stop.

_NEVER_LAST = """adj adm adv alex asst assoc atty attys ave brig capt cf cie cmdr col comdr cpl dept
det dr drs elec ens ft gen gov govs hon insp invt jos lieut lt maj messrs mfg mlle mme mr mrs ms
msgr mt mtg natl pfc ph pres prof profs pvt rep reps rev sen sens sfc sgt spc st ste supt supts
treas vs wm"""
_MAY_BE_LAST = """al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct
dak dec esq est etc ext feb fla fri ga inc ind intl jan jr jul jun kan kans ky ltd mar md mich minn
mo mon mont neb nev nov oct okla penn plc ppte pptes ppty pptys pte ptes pty ptys rd rt sep sept seq
sq sr sys tel tenn thu thurs tue tues univ va vt wed wis wisc wyo"""
_CAPITALISED = "ark az del ill la mass miss ore pa tex wash"  # Mass., but not mass.
_BEFORE_NUMBER = "art ca fig figs no nos op pp prop"  # no. 5
_EXTENSIONS = """bat bmp c cgi class cpp dll docx? exe gif gz h html? jar java jpe?g mov mp3 pdf php
pl png ppt ps py sql tar txt wav x xml zip"""
_SENTENCE_STARTS = """a about according after an as at but he her here however if in it last many
more now once one other our she since so some such that the their then there these they this we what
when while yet you"""  # after a single letter: "plan B. The"


def _any_case(words: str) -> str:
    return f"(?i:{'|'.join(words.split())})"


def _capitalised(words: str) -> str:
    return f"(?:{'|'.join(f'{word[0].upper()}(?i:{word[1:]})' for word in words.split())})"


_TWO_IN_ONE = {
    **{"cannot": ("can", "not"), "gonna": ("gon", "na"), "wanna": ("wan", "na")},
    **{"gotta": ("got", "ta"), "gimme": ("gim", "me"), "lemme": ("lem", "me")},
}

# --- Pieces of rules. Bounds such as {0,63} keep hostile input linear; Java has none.

_PART = rf"(?:(?:[dDlLoO]{_APOS_LIKE}{_ALNUM})?{_ALNUM}+)"  # dog, o'clock, d'or
_WORD = rf"{_ANY_LETTER}{_ANY_ALNUM}*(?:[.!?]{_ANY_LETTER}{_ANY_ALNUM}*)*"  # dog, runs.The
_COMPOUND = rf"{_PART}(?:[-_֊‐‑]{_PART})*"  # mother-in-law, t-shirt, a_b
_DOTTED = (  # u.s.-based, 1,000-ton, a-b.c.
    r"[A-Za-z0-9][A-Za-z0-9.,\xad]{0,63}(?:-(?:[A-Za-z](?:\.[A-Za-z])+\.|[A-Za-z0-9\xad]+))+"
)
_SLASHED = r"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"  # one side of and/or
_LISTED = (  # _ for the apostrophe
    "_(?:em|till?|cause|n_?)|(?:[dlj]|dunkin|ol|somethin)_|"
    "c_mon|c_est|e_er|ev_ry|li_l|cap_n|nat_l|s_mores"
).replace("_", _APOS) + f"|o{_APOS_LIKE}o"
_REST = "(?i:s|m|d|re|ve|ll)"  # of it's, I'm, he'd, we're, I've, you'll
_NAME = r"[A-Za-z][A-Za-z0-9_:.\-]*"  # of an XML element or attribute
_VALUE = """(?:"[^"]*"|'[^']*')"""
_TAG = rf"(?:<{_NAME}(?: +{_NAME}(?: *= *{_VALUE})?)* */?>|</{_NAME} *>)"
# Two curly quotes make one token, which COCO keeps unless it comes out as `` or ''.
_PAIRED_QUOTES = r"(?![‘‛‹`\x91]{2}|[’›\x92]{2})[“”‘’‛‹›«»‚„‟`\x91-\x94]{2}"
_NOT_URL = r'"()<>{|} \t\r\n\f\v\x85\u2028\u2029'
_NOT_LAST = rf"{_NOT_URL}!,\-.?{_WIDE_BLANKS}"
_PATH = rf'(?:/[^"()<>| \t\r\n\f]+[^{_NOT_LAST}])?'

# --- Rules: (token, what must follow it). Tried at one place, the longest of both together wins,
# then the earlier one: as lex has it.


def _rule(token: str, after: str = "") -> str:
    return f"(?=({token})(?:{after})()|)"


_KEPT = [
    _rule(_TAG),
    _rule(r"<[!?][A-Za-z\-][^>]{0,999}>"),  # <!-- comment -->, <?xml ...>
    *(_rule(f"(?i:{first})", f"(?i:{second})") for first, second in _TWO_IN_ONE.values()),
    _rule("'[tT]", "(?i:is|was)"),
    _rule(r"[A-Za-z\xad]*[A-MO-Za-mo-z]", f"[nN]{_APOS_LIKE}[tT]"),  # do|n't
    _rule(f"[nN]{_APOS_LIKE}[tT]"),
    _rule(rf"(?:{_ALNUM}+|{_ANY_LETTER}{_ANY_ALNUM}*)", _APOS + _REST),  # it|'s
    _rule(_APOS + _REST, r"[^A-Za-z]"),
    _rule(f"(?:[’\x92]|&apos;){_REST}"),
    _rule(_WORD),
    _rule(_COMPOUND),
    _rule(
        rf"(?:{_DOTTED}|{_COMPOUND}|{_WORD})\.", "[,;:、]"
    ),  # a stop before a comma belongs to the word
    _rule(
        rf"(?:{_any_case(_MAY_BE_LAST)}|(?i:ph\.d)|{_capitalised(_CAPITALISED)})\.", "(?s:.{2})?"
    ),
    _rule(rf"{_any_case(_NEVER_LAST)}\."),
    _rule(rf"{_any_case(_BEFORE_NUMBER)}\.", f"{_BLANK}?{_DIGIT}"),
    _rule(r"[A-Za-z](?:\.[A-Za-z])*\."),  # U.S., p.m., J.
    _rule("[A-Za-z]", rf"\.{_BLANK}(?:{_capitalised(_SENTENCE_STARTS)}|{_TAG}){_BLANK}"),
    _rule(_DOTTED),
    _rule(rf"{_LETTER}+[aeiouyAEIOUY]{_APOS_LIKE}[aeiouA-Z]{_LETTER}*"),  # ma'am, hallowe'en
    _rule(rf"[A-HJ-XZn]{_APOS_LIKE}{_LETTER}{{2,}}"),  # D'Angelo, n'est
    _rule(f"(?i:{_LISTED})"),
    _rule(f"[yY]{_APOS}", _LETTER),  # y'|all
    _rule(f"{_APOS}[1-9]0[sS]"),  # '90s
    _rule(f"{_APOS}[0-9]{{2}}", _BLANK),  # '98
    _rule(rf"[+-]?(?:{_DIGIT}*(?:[.,:\xad٫٬]{_DIGIT}+)+|{_DIGIT}+)"),  # -5, 1,000.50, 10:30
    _rule(rf"(?:{_DIGIT}{{1,4}}[- \xa0])?{_DIGIT}{{1,4}}(?:\\?/|⁄){_DIGIT}{{1,4}}"),  # 5 1/2
    _rule(rf"{_SLASHED}(?:\\?/{_SLASHED}){{1,2}}"),  # and/or, 1/2/2010
    # telephones: (555) 123-4567, +44 20 7946 0958, 555.123.4567
    _rule(
        r"(?:\([0-9]{2,3}\)[ \xa0]?|(?:\+\+?)?(?:[0-9]{2,4}[- \xa0])?[0-9]{2,4}[- \xa0])"
        r"[0-9]{3,4}[- \xa0]?[0-9]{3,5}",
    ),
    _rule(r"(?:(?:\+\+?)?[0-9]{2,4}\.)?[0-9]{2,4}\.[0-9]{3,4}\.[0-9]{3,5}"),
    _rule(
        rf"{_ALNUM}+(?:\.{_ALNUM}{{1,63}}){{0,9}}\.{_any_case(_EXTENSIONS)}",
        f"(?:[!,.?]|{_BLANK})",
    ),
    _rule("[A-Z]+(?:(?:[+&]|&(?i:amp);)[A-Z]+)+"),  # AT&T
    _rule(r"[cC]\+\+|[cCfF]#"),
    _rule(rf"@[A-Za-z_][A-Za-z0-9_]*|#{_ANY_LETTER}+"),  # @user, #tag
    _rule(rf"(?i:https?)://[^{_NOT_URL}]+[^{_NOT_LAST}]"),
    _rule(rf"(?i:www)\.(?:[^{_NOT_URL}!,.?]{{1,63}}\.){{1,9}}[A-Za-z]{{2,4}}{_PATH}"),
    _rule(
        rf"(?:[^{_NOT_URL}!$',\-./0-9:;=?@A-Z\[\\\]^_`]{{1,63}}\.){{1,9}}"
        rf"(?i:com|net|org|edu){_PATH}",
    ),
    _rule(  # e-mail
        rf"(?:<|&lt;)?[A-Za-z0-9][^{_NOT_URL}\xa0]{{0,63}}@"
        rf"(?:[^{_NOT_URL}\xa0.]+\.)*[^{_NOT_URL}\xa0.]*[^{_NOT_URL}{_WIDE_BLANKS}.](?:>|&gt;)?",
    ),
    _rule("(?i:&(?:amp|lt|gt);)|&#[0-9]+;|&(?!quot;|apos;)(?i:quot|apos);"),
    _rule(r"[A-Z]*\$"),  # US$
    _rule(r"[<>]?[:;=][-o*']?[()DPdpO\\{@|\[\]]", r"[^A-Za-z0-9]"),  # :-)
    _rule(r"[-^x=~<>']_[-^x=~<>']|\([-^x=~<>'][-_.]?[-^x=~<>']\)"),  # ^_^
    _rule(_PAIRED_QUOTES),
    _rule(r"<<|>>|[!?]{2,}|_+|\*+|(?:\\\*)+|@+|#+|-{5,}|[²³¹⁰⁴-⁹₀-₉]+|[‚„‟]"),
    _rule(  # symbols, each on its own
        r"[#%&()*+/<=>@\[\\\]^_{|}~\x80¡-ª¬®-º¼-¿×÷\u037e\u0387\u0589\u05be\u05c0\u05c3\u05c6"
        r"\u05f3\u05f4\u0600-\u0603\u0606-\u060c\u0614\u061b\u061e\u061f\u066a\u066d\u06d4"
        r"\u0700-\u070d\u07f6-\u07f8\u0964\u0965\u0e3f\u0e4f"
        "‖‗†-‣‰-‸※‾-⁂⁄⁺-⁾₊-₎₠₤€℀-⅏⅓-⅞←-⯿、。〒・！-､￠￡￥￦]",
    ),
]
_LEFT_OUT = [  # blanks, and what Java writes as a mark of COCO's list
    _rule(f"(?:{_BLANK}|&(?i:nbsp);)+"),
    _rule(r"\.{3,5}|\.(?:[ \xa0]\.){2,4}|…"),
    _rule(r"-{2,4}|[–—―\x96\x97]|&(?i:[mn]dash);|[-\xad]"),
    _rule("''|[‘‛‹`\x91]{2}|[’›\x92]{2}|&quot;|&apos;|[\"'`“”«»‘’‛‹›\x91-\x94]"),
    _rule("'", r"[A-Za-z0-9][^ \t\r\n\f\xa0]"),  # an opening quote
    _rule("[.,:;!?]"),
]
# Every rule looks ahead from one place: group 2i+1 is rule i's token, 2i+2 marks where all ends.
_RULES = re.compile("".join(_KEPT + _LEFT_OUT))

# --- How a token is written, if not as it stands in lower case.

_REWRITTEN = {
    **{"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"},
    **{"¢": "cents", "£": "#", "¤": "$", "₠": "$", "€": "$", "\x80": "$", "&lt;": "<", "&gt;": ">"},
    **{"¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3"},
}
_QUOTES = str.maketrans(
    {"“": "``", "«": "``", "\x93": "``", "”": "''", "»": "''", "\x94": "''"}
    | dict.fromkeys("‘‛‹\x91", "`")
    | dict.fromkeys("’›\x92", "'")
)
_CONTRACTED = re.compile(f"(?i:{_APOS}{_REST}|n{_APOS_LIKE}t)")

# --- The quick way, for runs of plain words.

_PLAIN = re.compile(r"(?:(?:[A-Za-z]{2,}[.,]?|[A-Za-z]|[.,])[ \n]+(?!\xa0)){1,40}")
_ABBREVIATED = f"{_NEVER_LAST} {_MAY_BE_LAST} {_CAPITALISED} {_BEFORE_NUMBER}"
_UNPLAIN = {f"{word}." for word in _ABBREVIATED.split()} | {
    f"{word}{stop}" for word in _TWO_IN_ONE for stop in ("", ".", ",")
}


def ptb_tokenize(caption: str) -> list[str]:
    """Split a caption as COCO-caption does before it computes BLEU, ROUGE, CIDEr."""
    return list(_tokens(caption.replace("\n", " ") + "\n"))


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        if plain := _PLAIN.match(text, position):
            words = plain[0].lower().split()
            if _UNPLAIN.isdisjoint(words):
                yield from filter(None, (word.rstrip(".,") for word in words))
                position = plain.end()
                continue
        found = _RULES.match(text, position)
        assert found
        spans = found.regs
        marks = spans[2::2]
        longest = max(marks)
        if longest[0] < 0:  # a character that Java drops
            position += 1
            continue
        rule = marks.index(longest)
        end = spans[2 * rule + 1][1]
        if rule < len(_KEPT):
            yield from filter(None, [_written(text[position:end])])
        position = end


def _written(token: str) -> str:
    token = token.replace(" ", "\xa0").lower()
    if (token[0] == "<" and token[-1] == ">") or any(sign in token for sign in "@#/"):
        return token  # a tag, an address, a hashtag
    if _CONTRACTED.fullmatch(token):
        return re.sub(_APOS, "'", token).translate(_QUOTES)
    if re.fullmatch(_PAIRED_QUOTES, token):
        return token.translate(_QUOTES)
    if token in _REWRITTEN:
        return _REWRITTEN[token]
    token = token.replace("&amp;", "&").replace("\xad", "")
    return token.replace("(", "-lrb-").replace(")", "-rrb-")
