"""The picture of costs: no label covers another."""

from autofas.analysis.cost_plot import cost_picture


def test_no_label_covers_another() -> None:
    # the crowd of the committed picture: equal networks, and a range of three decades
    rows = [
        {"model": f"network_{index}", "input": "3x8x8", "params": params, "macs": macs}
        for index, (params, macs) in enumerate(
            [(345_332, 77.7e6), (351_220, 80.2e6), (13.33e6, 1.01e9), (13.34e6, 1.01e9), (11.2e6, 1.8e9),
             (11.3e6, 1.8e9), (61.06e6, 9.07e9), (61.5e6, 9.07e9), (38.6e6, 6.9e9), (2.2e6, 8.4e9),
             (2.2e6, 52e9)]
        )
    ]  # fmt: skip
    labels = cost_picture(rows).labels
    assert len(labels) == len(rows)
    assert not any(a.overlaps(b) for i, a in enumerate(labels) for b in labels[:i])
    assert all(box.x0 >= 0 and box.x1 <= 1600 and box.y0 >= 0 and box.y1 <= 1000 for box in labels)
