"""The model card says what the run says, and what nobody knows."""

import json

from autofas.analysis.text_tables import percent
from autofas.cli import main


def test_evaluation_writes_it_with_the_weights(evaluated_run):
    text = (evaluated_run / "weights" / "model_card.md").read_text()
    figures = json.loads((evaluated_run / "metrics.json").read_text())
    assert text.startswith("# Model card: small\n\n**Trained on generated faces: no protection")
    low, high = figures["intervals_95"]["bpcer"]
    assert percent(figures["bpcer"]) in text
    assert f"{percent(low)} to {percent(high)}" in text
    assert "Attacks it was taught: print1, print2, replay1, replay2." in text
    assert "Attacks never seen, in training or test: every other kind." in text
    assert "Not measured on any other data set" in text
    record = json.loads((evaluated_run / "record.json").read_text())
    assert record["weights_sha256"] in text
    assert record["data"]["trained_on"]["manifest_sha256"] in text


def test_exporting_writes_it_with_the_files(exported, evaluated_run, capsys):
    text = (exported / "model_card.md").read_text()
    for name in ("model.onnx: ONNX, fp32, form tensor", "model-int8-crop.onnx: ONNX, int8, form crop"):
        assert f"- {name}" in text
    assert "no decision changed" in text
    assert main(["verify", str(evaluated_run)]) == 0
