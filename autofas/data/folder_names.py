"""What the names of folders and files say: bona fide or which attack, and the split.

A name is read word by word: `ClientRaw`, `train_real` and `Live Faces` are two words each. A word that
negates turns the next one about (`not_real` is an attack), and a name of both kinds (`real_vs_fake`) says
nothing. Nothing is guessed from pixels.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from autofas.data.manifests.manifest import BONA_FIDE
from autofas.data.manifests.spelling import SPLIT_WORDS

BONA_FIDE_WORDS = frozenset(
    ("live", "real", "bonafide", "genuine", "client", "living", "true", "authentic", "original", "legit")
)
ATTACK = "attack"
ATTACK_STEMS = ("spoof", "fake", "attack", "impost", "deepfake", "forge", "fraud", "counterfeit")
INSTRUMENT_WORDS = (
    "print", "photo", "paper", "poster", "warped", "cut", "eyecut", "replay", "video", "screen", "display",
    "monitor", "tablet", "phone", "mobile", "ipad", "iphone", "laptop", "pc", "mask", "3d", "silicone",
    "latex", "mannequin", "makeup", "highdef",
)  # fmt: skip
CONTAINER_WORDS = frozenset(
    ("image", "images", "img", "imgs", "picture", "pictures", "pics", "photos", "faces", "crops", "color",
     "colour", "rgb", "data", "files", "jpg", "jpeg", "png")
)  # fmt: skip
"""Names of folders that hold a class's photographs and say nothing more."""
_NEGATIONS = ("not", "non", "no", "un")
_ONE_WORD = re.compile(r"bona[^a-z]*fid[ea]", re.I)


@dataclass(frozen=True)
class Said:
    """The label that a name says, empty for none, and the word that says it."""

    pai: str = ""
    word: str = ""


@lru_cache(maxsize=4096)
def said_by_folder(name: str) -> str:
    """The label that a folder's name says: `bona_fide`, `attack`, or the instrument by the name itself."""
    kind, _ = _kind(name)
    return pai_name(name) if kind == "instrument" else kind


@lru_cache(maxsize=4096)
def said_by_file(name: str) -> Said:
    """The label that a file's name says; an instrument goes by its word, since the rest names the file."""
    kind, word = _kind(PurePosixPath(name).stem)
    return Said(pai_name(word) if kind == "instrument" else kind, word)


def class_of_path(parts: tuple[str, ...]) -> tuple[int, str]:
    """The place of the folder that says a path's label, and the label; (0, "") where none does.

    `live` and `spoof` go before the names of instruments: a `phone` below `live` is no attack, and below
    `spoof` it names the attack.
    """
    named = [(place, word) for place, part in enumerate(parts) if (word := said_by_folder(part))]
    general = [(place, word) for place, word in named if word in (BONA_FIDE, ATTACK)]
    if not general:
        return named[-1] if named else (0, "")
    if general[-1][1] == BONA_FIDE:
        return general[-1]
    return named[-1]


def level_of(paths: Sequence[PurePosixPath], bona_fide_is: str | None) -> int | None:
    """How deep the class folders lie that no word marks: one called `bona_fide_is`, or 1 beside 0 or -1.

    None where there are none, or where words tell without being asked for such a name.
    """
    folders = [path.parts[:-1] for path in paths]
    if bona_fide_is is None and any(class_of_path(parts)[1] for parts in folders):
        return None
    for level in range(max(map(len, folders), default=0)):
        found = {parts[level].lower() for parts in folders if len(parts) > level}
        if bona_fide_is is None:
            if found in ({"0", "1"}, {"-1", "1"}, {"-1", "+1"}):
                return level
        elif bona_fide_is.lower() in found and len(found) > 1:
            return level
    return None


def pai_name(name: str) -> str:
    """A manifest's word for an instrument: lower case, without the split that a folder's name may hold."""
    words = [word for word in _words(name, keep_numbers=True) if not _split_word(word) and word != "set"]
    word = "_".join(words or _words(name, keep_numbers=True))
    return word if word[:1].isalpha() else f"attack_{word}".rstrip("_")


def split_of(parts: tuple[str, ...]) -> str:
    """The split that folders on a path say, the deepest one called by nothing else first; empty for none."""
    for alone in (True, False):
        for part in reversed(parts):
            words = [word for word in _words(part) if word != "set"]
            found = [_split_word(word) for word in words if _split_word(word)]
            if found and (len(words) == 1 or not alone):
                return found[-1]
    return ""


def says_no_more(part: str) -> bool:
    """Whether a folder below a class holds a split or photographs as such, and not one presentation."""
    words = [word for word in _words(part) if word != "set"]
    return all(_split_word(word) or word in CONTAINER_WORDS for word in words) and bool(words)


def _kind(name: str) -> tuple[str, str]:
    """`bona_fide`, `attack` or `instrument` with the word that says so; two empty words for neither."""
    words = _words(name)
    if words == ["liveness"]:
        return BONA_FIDE, "liveness"
    kinds: dict[str, str] = {}
    before = ""
    for word in words:
        kind = _kind_of_word(word, before)
        if kind:
            kinds.setdefault(kind, word)
        before = word
    if BONA_FIDE in kinds:
        return ("", "") if ATTACK in kinds else (BONA_FIDE, kinds[BONA_FIDE])
    pieces = [*words, *_words(name, keep_numbers=True), *re.split(r"[^a-z0-9]+", name.lower())]
    instrument = next((word for word in pieces if word.startswith(INSTRUMENT_WORDS)), "")
    if instrument:
        return "instrument", instrument
    return (ATTACK, kinds[ATTACK]) if kinds else ("", "")


def _kind_of_word(word: str, before: str) -> str:
    """What one word says after the word before it; `anti` before a word says nothing."""
    if before == "anti" or word.startswith("anti"):
        return ""
    turned = before in _NEGATIONS
    plain = _plain_kind(word)
    if not plain:
        inner = next((word.removeprefix(no) for no in _NEGATIONS if word.startswith(no)), "")
        plain, turned = _plain_kind(inner), not turned
    if plain and turned:
        return ATTACK if plain == BONA_FIDE else BONA_FIDE
    return plain


def _plain_kind(word: str) -> str:
    if word in BONA_FIDE_WORDS or word.removesuffix("s") in BONA_FIDE_WORDS:
        return BONA_FIDE
    return ATTACK if word.startswith(ATTACK_STEMS) or word == "false" else ""


@lru_cache(maxsize=4096)
def _words(name: str, *, keep_numbers: bool = False) -> list[str]:
    """Lower-case words of a name in order; numbers at their ends are dropped unless kept."""
    one = _ONE_WORD.sub(" bonafide ", name)
    parted = re.sub(r"(?<=[a-z]{2})(?=[A-Z][a-z])", " ", one).lower()
    words = [word for word in re.split(r"[^a-z0-9]+", parted) if word]
    if keep_numbers:
        return words
    return [short for word in words if (short := word.rstrip("0123456789"))]


def _split_word(word: str) -> str:
    return SPLIT_WORDS.get(word, "") or SPLIT_WORDS.get(word.removesuffix("set"), "")
