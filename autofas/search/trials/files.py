"""What a search by trials writes into its folder: the table of its trials, its front, their genotypes."""

from collections.abc import Sequence

from autofas.models.genotype import save_genotype
from autofas.search.strategy import Strategy
from autofas.search.trials.points import genotype_of, point_from_key
from autofas.search.trials.table import Row
from autofas.storage.files import write_rows


def write_trials(search: Strategy, rows: Sequence[Row], front: Sequence[Row]) -> None:
    """results.csv, front.csv and front/trial-N.json; nothing for a run that writes nothing."""
    run = search.run
    if not run.writes or not run.has_folder:
        return
    run.write_results(rows)
    write_rows(run.path / "front.csv", front)
    folder = run.path / "front"
    folder.mkdir(exist_ok=True)
    for row in front:
        point = point_from_key(search.space, row["point"])
        provenance: dict[str, str | int | float | bool | None] = {
            "run": f"{run.name}-trial-{row['trial']}",
            "command": "search",
            "strategy": search.config.strategy,
            "seed": search.config.seed,
            "epochs": row["epochs"],
            "arch_auc": row["arch_auc"],
        }
        genotype = genotype_of(search.space, point, search.config.strategy, provenance)
        save_genotype(genotype, folder / f"trial-{row['trial']}.json")
