"""The things that captions are about: a fixed list of nouns, and which are the same or a kind.

Source: our own choice among the words that Flickr8k's training captions use as nouns, with the
names of COCO's 80 categories and what CHAIR (Rohrbach et al. 2018, arXiv:1809.02156) takes for
the same. Words that are mostly verbs in captions (*jumps*, *ride*) are left out, and so are parts
of bodies and sides of things, which a caption is hardly about.
"""

from showtell.claims.inflect import singular
from showtell.claims.lists import word_set
from showtell.claims.words import FEMALE, MALE

PEOPLE = word_set(
    """
    person people human adult child kid baby toddler infant teen teenager preteen youth youngster
    somebody someone individual figure friend couple family crowd group team audience spectator
    onlooker passenger pedestrian commuter tourist shopper customer diner patron guest member
    parent sibling twin student pupil teacher instructor officer police worker employee staff crew
    soldier guard firefighter doctor nurse chef server waiter bartender vendor cashier clerk
    barber farmer fisher angler hunter mechanic pilot driver conductor captain engineer
    photographer artist painter musician singer guitarist drummer violinist performer entertainer
    clown juggler acrobat dancer actor reporter speaker announcer judge referee umpire coach
    trainer player athlete teammate opponent goalie goalkeeper pitcher catcher batter hitter
    quarterback footballer cricketer golfer bowler boxer wrestler fencer gymnast cheerleader
    runner jogger sprinter racer walker hiker climber rider biker cyclist bicyclist motorcyclist
    skater skateboarder rollerblader skier snowboarder sledder surfer windsurfer wakeboarder
    waterskier kiteboarder swimmer diver snorkeler kayaker canoer canoeist rower paddler rafter
    sailor jockey equestrian camper backpacker sunbather beachgoer bather partygoer protester
    marcher mourner worshiper monk nun priest santa pirate ninja wizard celebrity owner neighbor
    contestant competitor participant lifeguard mountaineer parasailer paraglider parachutist
    skydiver stranger resident newlywed
    """
) | {word for word in (*MALE, *FEMALE) if not word.endswith("s")}

_ANIMALS = """
    animal dog puppy cat kitten horse pony foal donkey mule zebra cow bull calf ox sheep lamb goat
    pig deer elk moose elephant giraffe camel llama bear panda monkey ape gorilla lion tiger
    leopard cheetah wolf fox rabbit bunny squirrel rat mouse hamster raccoon kangaroo bird parrot
    pigeon seagull gull duck goose swan chicken rooster hen turkey eagle hawk owl crow pelican
    heron flamingo penguin peacock ostrich crane fish shark whale dolphin seal turtle frog lizard
    snake crocodile alligator insect bee butterfly spider crab bison buffalo hound collie poodle
    terrier retriever labrador lab dalmatian greyhound shepherd husky beagle bulldog boxer
    chihuahua dachshund doberman spaniel setter pug rottweiler mastiff corgi pitbull dane kitty pup
    doggy bat
    """
ANIMALS = word_set(_ANIMALS) - {"boxer", "bat"}  # who fights, what hits

_OTHERS = """
    bicycle bike motorcycle motorbike moped scooter tricycle unicycle car automobile taxi cab van
    minivan truck pickup suv jeep bus minibus trolley tram train subway locomotive caboose airplane
    plane aeroplane jet airliner helicopter glider blimp boat ship sailboat rowboat motorboat canoe
    kayak raft yacht ferry tugboat barge gondola cart wagon carriage buggy stroller wheelchair sled
    sleigh snowmobile tractor bulldozer atv ambulance firetruck limousine vehicle trailer rv
    rollercoaster carousel merry-go-round carnival go-kart rocket parachute kite balloon bubble
    skateboard surfboard snowboard ski wakeboard bodyboard hydrant meter bench sign signal light
    lamp streetlight lamppost stoplight pole post fence gate wall building house home barn shed
    cabin hut church temple mosque cathedral tower castle skyscraper apartment hotel hospital
    school store shop market mall supermarket restaurant cafe bakery bar pub stall stand booth
    office station airport platform terminal stadium arena museum theater library bridge tunnel
    pier dock harbor port marina fountain statue sculpture monument road street highway
    intersection crosswalk corner sidewalk path trail driveway alley lane track railroad railway
    parking lot garage park playground yard backyard lawn garden field meadow farm pasture court
    rink gym pool lake pond river stream creek ocean sea beach shore coast island waterfall water
    wave snow ice mountain hill cliff rock boulder canyon cave valley desert dune forest wood tree
    bush plant grass flower leaf log branch sky cloud sun moon sunset sunrise rainbow rain storm
    room bedroom bathroom kitchen hallway basement attic balcony porch patio deck stairs staircase
    escalator elevator door doorway window curtain blind floor ceiling roof fireplace chimney table
    desk counter countertop chair couch sofa loveseat armchair recliner stool bed crib bunk
    mattress pillow blanket sheet towel rug carpet mat shelf bookshelf bookcase cabinet cupboard
    drawer dresser closet wardrobe mirror clock watch vase candle television tv screen monitor
    computer laptop keyboard mouse remote phone telephone cellphone smartphone camera radio speaker
    printer microwave oven stove toaster blender refrigerator fridge freezer dishwasher sink
    faucet tap toilet urinal bathtub tub shower toothbrush toothpaste soap hairdryer brush comb
    scissors knife fork spoon chopstick cup mug glass wineglass bottle jar can pitcher bowl plate
    dish tray pan pot kettle napkin basket bucket box container crate bin bag backpack purse
    handbag suitcase luggage briefcase wallet umbrella parasol tie hat cap helmet glove mitt shoe
    boot sandal sneaker sock shirt t-shirt jacket coat sweater dress skirt pants jeans shorts
    clothing clothes outfit vest robe gown apron cape trunks tights leotard overalls headband
    bandana headscarf swimsuit bikini wetsuit collar necklace bracelet earring belt string ring
    uniform suit costume mask goggles glasses sunglasses scarf ball baseball basketball football
    soccer volleyball rugby hockey tennis badminton cricket golf lacrosse wrestling boxing
    gymnastics frisbee racket racquet bat net hoop goal base trampoline slide swing seesaw hammock
    tent toy doll teddy bear lego puzzle game book newspaper magazine paper letter card picture
    painting photo photograph poster drawing flag banner balloon gift present cake cupcake pie
    pastry donut doughnut cookie brownie dessert candy chocolate bread bagel bun roll toast muffin
    pancake waffle sandwich burger hamburger cheeseburger hotdog pizza pasta spaghetti noodle rice
    soup salad meal breakfast lunch dinner meat beef steak pork ham bacon sausage chicken egg
    cheese fruit apple banana orange pear peach grape strawberry cherry lemon lime pineapple
    watermelon melon kiwi berry avocado vegetable broccoli carrot tomato potato onion pepper corn
    lettuce cabbage cauliflower cucumber bean pea mushroom pumpkin squash food snack drink beverage
    coffee tea milk juice wine beer soda sauce condiment guitar piano drum violin trumpet flute
    accordion instrument band orchestra stage concert performance show parade festival fair party
    wedding ceremony funeral race marathon match competition tournament rodeo game meeting class
    fire campfire firework smoke ladder rope chain hose tool hammer saw shovel broom trash garbage
    trashcan dumpster machine engine wheel tire motor equipment gear stroller playpen cage crane
    construction display exhibit collection bouquet wreath graffiti mural object item scene view
    area city town village skyline landscape countryside scenery obstacle hurdle ramp rail railing
    bleacher puddle mud sand trail jump awning
    """
THINGS = word_set(_OTHERS) - {"jump", "swing", "slide", "stand", "view", "scene"}

NOUNS = PEOPLE | ANIMALS | THINGS

# Before "of" they only measure or place what follows: "a group of people", "the side of a road".
MEASURES = word_set(
    """
    group couple pair bunch lot number set piece type kind sort variety assortment array row line
    stack pile bit part half side back front top bottom edge end middle center corner image photo
    photograph picture view closeup close-up up shot inside outside slice plate bowl cup glass
    bottle box basket crowd herd flock pack team display collection bouquet family variety series
    dozen hundreds lots dozens pairs groups rows pieces slices plates bowls cups glasses bottles
    couples bunches
    """
)

# The same, said otherwise; the first is what we call it.
_SAME = """
    dog puppy pup doggy
    cat kitten kitty
    bicycle bike
    motorcycle motorbike moped
    car automobile
    airplane plane aeroplane jet airliner
    television tv
    couch sofa loveseat
    refrigerator fridge
    telephone phone cellphone smartphone
    photo photograph picture image
    toilet urinal
    donut doughnut
    racket racquet
    hamburger burger cheeseburger
    road street
    house home
    store shop
    rabbit bunny
    seagull gull
    theater theatre
    sidewalk pavement
    hotdog hot-dog
    purse handbag
    suitcase luggage
    bathtub tub
    beach shore seashore
    ocean sea
    train locomotive
    """
SAME = {
    word: names[0]
    for names in (line.split() for line in _SAME.strip().splitlines())
    for word in names
}

# Who says the first says one of these too, and so nothing that is not so: a dog is an animal.
_KINDS = {
    "dog": "hound collie poodle terrier retriever labrador lab dalmatian greyhound shepherd husky "
    "beagle bulldog chihuahua dachshund doberman spaniel setter pug rottweiler mastiff corgi "
    "pitbull dane",
    "bird": "parrot pigeon seagull duck goose swan chicken rooster hen turkey eagle hawk owl crow "
    "pelican heron flamingo penguin peacock ostrich",
    "boat": "ship sailboat rowboat motorboat canoe kayak raft yacht ferry tugboat barge gondola",
    "train": "subway tram trolley",
    "bus": "minibus",
    "truck": "pickup firetruck",
    "car": "taxi cab van minivan suv jeep limousine",
    "bear": "panda",
    "cow": "bull calf ox",
    "sheep": "lamb",
    "horse": "pony foal",
    "fruit": "apple banana orange pear peach grape strawberry cherry lemon lime pineapple "
    "watermelon melon kiwi berry",
    "vegetable": "broccoli carrot tomato potato onion pepper corn lettuce cabbage cauliflower "
    "cucumber bean pea mushroom pumpkin",
    "building": "house church temple cathedral tower castle skyscraper hotel hospital school store "
    "restaurant barn",
    "vehicle": "car truck bus motorcycle tractor ambulance atv",
    "ball": "baseball basketball football volleyball",
}
KIND_OF = {word: "animal" for word in ANIMALS if word != "animal"} | {
    word: kind for kind, words in _KINDS.items() for word in words.split()
}


def find_noun(word: str) -> str | None:
    """Give a noun as our list has it, mostly in the singular; None if it does not."""
    return next((one for one in (word, singular(word)) if one in NOUNS), None)
