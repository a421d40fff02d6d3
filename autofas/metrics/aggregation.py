"""From frames to videos and from folds to one figure.

A video's score is the mean of its frames' scores, one score a video being what OULU-NPU's protocol counts. A
figure over folds is the mean of each fold's own figure, every fold having its own threshold; its spread is
the population standard deviation (ddof 0), because the folds are all there are.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from autofas.errors import MetricError
from autofas.metrics.pai_labels import Labels, encode_labels, encode_names
from autofas.metrics.samples import Floats, as_floats, check_length, check_number


def aggregate_by_video(
    scores: npt.ArrayLike, pais: Labels, videos: Labels
) -> tuple[Floats, list[str], list[str]]:
    """Average scores (n,) by video (n,): scores (v,), labels and names in order of first appearance.

    The mean is the exactly rounded float64 sum over the count, so the order of the frames does not matter.
    One class alone will do. Raises MetricError for a video with two labels, a NaN score (naming its video),
    both infinities in one video, lengths that differ, bad labels or names.
    """
    video_codes, video_names = encode_names(videos, "videos")
    floats = as_floats(scores)
    pai_codes, pai_names = encode_labels(pais)
    check_length("pais", len(pai_codes), len(floats))
    check_length("videos", len(video_codes), len(floats))
    nan = np.isnan(floats)
    if nan.any():  # the video says more than the index alone
        index = int(nan.argmax())
        video_name = video_names[video_codes[index]]
        raise MetricError(
            f"a score of video {video_name!r} is NaN (index {index}); score it again, none is dropped"
        )

    order = np.argsort(video_codes, kind="stable")
    ends = np.cumsum(np.bincount(video_codes, minlength=len(video_names)))
    starts = np.concatenate([[0], ends[:-1]])
    labels = pai_codes[order[starts]]  # (v,), each video's first frame
    other = np.flatnonzero(pai_codes != labels[video_codes])
    if other.size:
        index = int(other[0])
        video = int(video_codes[index])
        raise MetricError(
            f"video {video_names[video]!r} has two labels, {pai_names[labels[video]]!r} and "
            f"{pai_names[pai_codes[index]]!r} (index {index}); a video has one"
        )
    grouped = floats[order].tolist()
    means = [
        _mean(grouped[start:end], name)
        for start, end, name in zip(starts.tolist(), ends.tolist(), video_names, strict=True)
    ]
    return np.array(means), [pai_names[code] for code in labels.tolist()], video_names


def _mean(values: list[float], video: str) -> float:
    try:
        return math.fsum(values) / len(values)
    except ValueError:
        raise MetricError(f"video {video!r} has scores +inf and -inf; their mean is undefined") from None
    except OverflowError:  # the sum leaves float64 although the mean does not
        return math.ldexp(math.fsum(math.ldexp(value, -64) for value in values) / len(values), 64)


def summarize_folds(values: Sequence[float]) -> tuple[float, float]:
    """Mean and population standard deviation (ddof 0) over the folds' own figures.

    One fold has standard deviation 0. Raises MetricError for no fold or a figure that is not finite (by
    number).
    """
    figures = [
        check_number(value, f"the figure of fold {fold}") for fold, value in enumerate(values, start=1)
    ]
    if not figures:
        raise MetricError("no fold to summarise; give the figure of at least one fold")
    for fold, figure in enumerate(figures, start=1):
        if math.isinf(figure):
            raise MetricError(
                f"the figure of fold {fold} is {figure}; a mean over folds needs finite figures"
            )
    mean = math.fsum(figures) / len(figures)
    variance = math.fsum((figure - mean) ** 2 for figure in figures) / len(figures)
    return mean, math.sqrt(variance)
