"""The errors a user can cause. The command line prints them as one line and exits with code 2."""


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
