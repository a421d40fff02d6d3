"""Supervisions by hand: DeepPixBiS's halves, AFA's sum, depth maps and their contrast, both focal scores."""

import math

import pytest
import torch
import torch.nn.functional as F
from autofas.baselines import BASELINES
from autofas.baselines.afa import AFAOutput
from autofas.baselines.deeppixbis import DeepPixBiSOutput

from autofas.errors import ConfigError
from autofas.models.supervisions import (
    SUPERVISIONS,
    Focal,
    build_supervision,
    contrastive_depth_loss,
)

LABEL = {"label": torch.tensor([1.0, 0.0])}


def test_deeppixbis_by_hand() -> None:
    # logits of 0 cost ln 2 everywhere; a global logit of ln 3 is sigmoid 3/4: -ln 3/4 and -ln 1/4
    outputs = DeepPixBiSOutput(torch.zeros(2, 1, 2, 2), torch.full((2, 1), math.log(3)))
    loss = build_supervision("deeppixbis").loss(outputs, LABEL)
    binary = (math.log(4 / 3) + math.log(4)) / 2
    assert loss.item() == pytest.approx(0.5 * math.log(2) + 0.5 * binary, rel=1e-6)


def test_deeppixbis_score_is_the_mean_of_the_sigmoid_map() -> None:
    logits = torch.tensor([[0.0, math.log(3)], [-math.log(3), 0.0]]).view(1, 1, 2, 2)
    score = build_supervision("deeppixbis").score(DeepPixBiSOutput(logits, torch.full((1, 1), -9.0)))
    assert score.item() == pytest.approx((0.5 + 0.75 + 0.25 + 0.5) / 4)


def test_scores_of_a_live_map_are_its_means() -> None:
    # live maps (2, 1, 2, 2) of logits ln(p / (1 - p)), p written out
    maps = torch.tensor([[[[0.5, 0.75], [0.25, 0.1]]], [[[0.9, 0.8], [0.5, 0.5]]]])
    logits = torch.logit(maps)
    scores = build_supervision("pixelwise_bce").score(logits)
    assert scores.tolist() == pytest.approx([1.6 / 4, 2.7 / 4])  # not 0.75 and 0.9, the maps' largest
    # one logit a face is the mean of the map's: odds are its geometric mean, (1 * 3 * 1/3 * 1/9)^(1/4)
    odds = (1 / 9) ** 0.25, (9 * 4) ** 0.25
    expected = [value / (1 + value) for value in odds]
    assert build_supervision("bce").score(logits).tolist() == pytest.approx(expected)


def test_pixelwise_loss_by_hand() -> None:
    # a bona fide pixel of p costs -ln p, an attack's -ln(1 - p); mean over 2 faces of 2 pixels
    logits = torch.logit(torch.tensor([0.5, 0.25, 0.75, 0.5])).view(2, 1, 1, 2)
    loss = build_supervision("pixelwise_bce").loss(logits, LABEL)
    assert loss.item() == pytest.approx((math.log(2) + math.log(4) + math.log(4) + math.log(2)) / 4)


def test_afa_by_hand() -> None:
    # equal logits cost ln 2; images that are 0.5 off at 3 * 2 * 2 pixels have a squared error of 3
    outputs = AFAOutput(torch.zeros(2, 2), {"color": torch.full((2, 3, 2, 2), 0.5)})
    supervision = build_supervision("afa")
    loss = supervision.loss(outputs, {**LABEL, "clear_color": torch.zeros(2, 3, 2, 2)})
    assert loss.item() == pytest.approx(math.log(2) + 0.001 * 3, rel=1e-6)
    # without augmentation the cross entropy stands alone
    assert supervision.loss(AFAOutput(torch.zeros(2, 2), {}), LABEL).item() == pytest.approx(math.log(2))
    assert supervision.score(AFAOutput(torch.tensor([[0.0, math.log(3)]]), {})).item() == pytest.approx(0.75)


def test_contrast_is_blind_to_a_shift_and_sees_one_pixel() -> None:
    truth = torch.rand(2, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    assert contrastive_depth_loss(truth + 0.3, truth).item() == pytest.approx(0, abs=1e-12)
    # one raised pixel in the middle of 3x3: as centre it is -1 in all eight differences
    raised = torch.zeros(1, 1, 3, 3)
    raised[0, 0, 1, 1] = 2.0
    assert contrastive_depth_loss(raised, torch.zeros(1, 1, 3, 3)).item() == pytest.approx(4.0)
    corner = torch.zeros(1, 1, 3, 3)
    corner[0, 0, 0, 0] = 2.0  # seen by one of the eight
    assert contrastive_depth_loss(corner, torch.zeros(1, 1, 3, 3)).item() == pytest.approx(4.0 / 8)


def test_contrast_against_differences_written_out() -> None:
    generator = torch.Generator().manual_seed(1)
    found, truth = torch.rand(3, 1, 6, 7, generator=generator), torch.rand(3, 1, 6, 7, generator=generator)
    total = []
    for down in (0, 1, 2):
        for right in (0, 1, 2):
            if (down, right) != (1, 1):
                near = [image[:, :, down : down + 4, right : right + 5] for image in (found, truth)]
                centre = [image[:, :, 1:5, 1:6] for image in (found, truth)]
                total.append(((near[0] - centre[0]) - (near[1] - centre[1])).square().mean())
    assert contrastive_depth_loss(found, truth).item() == pytest.approx(torch.stack(total).mean().item())


def test_contrast_of_a_map_too_small_is_zero() -> None:
    assert contrastive_depth_loss(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)).item() == 0


def test_depth_map_takes_a_target_of_any_size() -> None:
    supervision = build_supervision("depth_map")
    found = torch.full((2, 1, 4, 4), 0.5)
    fine = torch.stack([torch.ones(1, 16, 16), torch.zeros(1, 16, 16)])
    expected = 0.25  # each pixel is 0.5 off; flat maps have no contrast
    assert supervision.loss(found, {"depth_map": fine}).item() == pytest.approx(expected)
    # a checkerboard finer than the map is averaged, not picked from
    board = (torch.arange(16)[:, None] + torch.arange(16)).remainder(2).float().expand(2, 1, 16, 16)
    assert supervision.loss(found, {"depth_map": board}).item() == pytest.approx(0, abs=1e-10)


def test_depth_score_is_clipped() -> None:
    maps = torch.stack([torch.full((1, 2, 2), 3.0), torch.zeros(1, 2, 2), torch.full((1, 2, 2), 0.25)])
    assert build_supervision("depth_map").score(maps).tolist() == [1.0, 0.0, 0.25]


def test_focal_scores_differ_by_their_form() -> None:
    features = torch.tensor([[0.0, math.log(2), math.log(5)]])
    assert Focal().score(features).item() == pytest.approx(2 / 8)
    assert Focal(score_form="first-two").score(features).item() == pytest.approx(2 / 3)
    # p = 1/4: -(3/4)^3 ln 1/4
    loss = Focal().loss(features, {"label": torch.tensor([1.0])})
    assert loss.item() == pytest.approx(0.75**3 * math.log(4), rel=1e-6)


def test_every_network_has_its_supervision_and_near_ones_are_named() -> None:
    assert {baseline.supervision for baseline in BASELINES.values()} <= set(SUPERVISIONS)
    with pytest.raises(ConfigError, match="did you mean depth_map"):
        build_supervision("depthmap")
    with pytest.raises(
        ConfigError, match="focal teaches class logits, the network gives depth map; choose depth_map"
    ):
        build_supervision("focal", instead_of="depth_map")
    assert build_supervision("focal", instead_of="cross_entropy").outputs == "class logits"


def test_scores_are_higher_for_bona_fide_after_a_step_down_the_loss() -> None:
    """Polarity: a step that lowers the loss raises a bona fide face's score, for every supervision."""
    for name in SUPERVISIONS:
        supervision = build_supervision(name)
        maps = torch.full((2, 1, 4, 4), 0.2, requires_grad=True)
        logits = torch.zeros(2, 3 if name.startswith("focal") else 2, requires_grad=True)
        outputs = {
            "live map logits": maps,
            "class logits": logits,
            "DeepPixBiS' map and logit": DeepPixBiSOutput(maps, maps.mean(dim=(2, 3))),
            "AFA's logits and super-resolved images": AFAOutput(logits, {}),
            "depth map": maps,
        }[supervision.outputs]
        targets = {**LABEL, "depth_map": LABEL["label"].view(2, 1, 1, 1).expand(2, 1, 4, 4)}
        supervision.loss(outputs, targets).backward()
        leaf = maps if maps.grad is not None else logits
        before = supervision.score(outputs)
        moved = (leaf - 0.5 * leaf.grad / leaf.grad.abs().max()).detach()
        again = type(outputs)(moved, F.avg_pool2d(moved, 4).flatten(1)) if name == "deeppixbis" else moved
        after = supervision.score(AFAOutput(moved, {}) if name == "afa" else again)
        assert after[0] > before[0], name
        assert after[1] < before[1], name
        assert ((after >= 0) & (after <= 1)).all()
