"""Class names for timing: as long as those of the benchmarks, one to six tokens, for any number of classes."""

from itertools import islice, zip_longest

WORDS = """
    beaver gecko stadium cougar mandolin barrel fox scissors chair lighthouse backpack ferry rooster canyon lamp
    anchor elephant revolver camera ibis wheelchair dolphin pigeon buddha hedgehog tick dahlia orchid bonsai
    guitar starfish crayfish meadow bass gazebo seahorse church lotus balloon forest schooner castle lasagna
    apple falafel river cannon ketch airplane drum pyramid cactus highway violin desert panda bridge hawksbill
    sunflower cup okapi bicycle glacier stapler crab menorah basil garage scorpion chandelier lobster bagel
    flamingo saxophone carrot laptop ant emu rhino candle kangaroo accordion dragonfly pizza butterfly
    helicopter umbrella dalmatian pagoda brain harbor strawberry crocodile octopus
"""
THINGS = tuple(WORDS.split())


def class_names(count: int) -> list[str]:
    """The first `count` names: of one, two and three words in turn, then, when all words are used, of two and three.

    Raises ValueError where so many cannot be made.
    """
    many = len(THINGS)

    def beside(shift: int, index: int) -> str:
        return THINGS[(index + shift) % many]

    pairs = (f"{THINGS[i]} {beside(shift, i)}" for shift in range(1, many) for i in range(many))
    triples = (f"{THINGS[i]} {beside(2 * s, i)} {beside(s, i)}" for s in range(1, many // 2) for i in range(many))
    in_turn = (name for names in zip_longest(THINGS, pairs, triples) for name in names if name)
    names = list(islice(in_turn, count))
    if len(names) < count:
        raise ValueError(f"only {len(names)} names can be made, not {count}")
    return names
