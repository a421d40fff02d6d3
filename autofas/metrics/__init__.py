"""Error rates, thresholds, intervals, folds and score files for presentation attack detection; numpy alone.

Higher scores are more bona fide, a presentation is accepted where score >= threshold in float64, rates are
fractions, and what is undefined is an error, never 0 or 1.
"""

from autofas.metrics.aggregation import aggregate_by_video, summarize_folds
from autofas.metrics.bootstrap import BootstrapInterval, bootstrap_acer, bootstrap_acer_difference
from autofas.metrics.calibration import (
    CALIBRATION_CHOICES,
    CalibrationChoice,
    CalibrationKind,
    brier_score,
    calibration_error,
    fit_isotonic,
    fit_temperature,
)
from autofas.metrics.curves import roc_auc
from autofas.metrics.fixed_rates import bpcer_at_apcer, fpr_resolvable, tpr_at_fpr, tpr_at_fpr_interpolated
from autofas.metrics.intervals import clopper_pearson, count_intervals, rate_intervals
from autofas.metrics.pai_labels import BONA_FIDE, GROUPINGS, Grouping, group_pais
from autofas.metrics.rates import ErrorCounts, ErrorRates, count_errors, error_rates
from autofas.metrics.score_file import read_columns, read_score_file, read_scores, write_scores
from autofas.metrics.score_rows import Conventions, HigherIs, ScoreFile, Unscored
from autofas.metrics.score_table import LEVELS, Level, ScoreTable
from autofas.metrics.thresholds import (
    DEV_RULES,
    THRESHOLD_RULES,
    Threshold,
    ThresholdRule,
    eer,
    eer_threshold,
    min_acer_threshold,
    select_threshold,
)

__all__ = [
    "BONA_FIDE",
    "CALIBRATION_CHOICES",
    "DEV_RULES",
    "GROUPINGS",
    "LEVELS",
    "THRESHOLD_RULES",
    "BootstrapInterval",
    "CalibrationChoice",
    "CalibrationKind",
    "Conventions",
    "ErrorCounts",
    "ErrorRates",
    "Grouping",
    "HigherIs",
    "Level",
    "ScoreFile",
    "ScoreTable",
    "Threshold",
    "ThresholdRule",
    "Unscored",
    "aggregate_by_video",
    "bootstrap_acer",
    "bootstrap_acer_difference",
    "bpcer_at_apcer",
    "brier_score",
    "calibration_error",
    "clopper_pearson",
    "count_errors",
    "count_intervals",
    "eer",
    "eer_threshold",
    "error_rates",
    "fit_isotonic",
    "fit_temperature",
    "fpr_resolvable",
    "group_pais",
    "min_acer_threshold",
    "rate_intervals",
    "read_columns",
    "read_score_file",
    "read_scores",
    "roc_auc",
    "select_threshold",
    "summarize_folds",
    "tpr_at_fpr",
    "tpr_at_fpr_interpolated",
    "write_scores",
]
