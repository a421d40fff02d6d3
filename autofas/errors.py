"""The errors a user can cause. The command line prints them as one line and exits with code 2."""

import difflib
from collections.abc import Iterable


class AutofasError(Exception):
    """Base of every error whose one line tells a user what is wrong, where, and what to do."""


class ConfigError(AutofasError):
    """A configuration key, value or combination that cannot be used."""


class DataError(AutofasError):
    """A manifest, data set, split or image file that is missing, damaged or inconsistent."""


class MetricError(AutofasError):
    """Scores or labels from which the asked figure cannot be computed."""


class GenotypeError(AutofasError):
    """A search space or genotype file that does not describe a network."""


class RunError(AutofasError):
    """A run folder, checkpoint or weights file that cannot be used as asked."""


class RankLost(RunError):
    """Another process of a run on several ranks is gone."""


def which_of(word: object, choices: Iterable[object]) -> str:
    """What to say after a choice that does not exist: '; choose a or b', the one that was meant first."""
    names = [str(choice) for choice in choices]
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    listed = " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    return f", did you mean {near[0]}? Choose {listed}" if near else f"; choose {listed}"
