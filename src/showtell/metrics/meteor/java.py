"""The original METEOR 1.5, a Java program, behind the methods of ours: for comparison.

It is run as COCO-caption runs it and needs 1.3 GB of memory. It reads "SCORE ||| reference |||
... ||| caption" a line and answers each with a line of statistics.
"""

import math
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from showtell.errors import DataError, MissingExtraError
from showtell.extras import require_extra
from showtell.metrics.meteor.normalise import join_words
from showtell.metrics.meteor.resources import find_jar, find_table
from showtell.metrics.meteor.statistics import SIZE, uncount_whole
from showtell.progress import Progress, no_progress

_OPTIONS = ("-", "-", "-stdio", "-l", "en", "-norm")


class MeteorJar:
    """METEOR 1.5 for English by its jar. Java runs within the `with` statement only."""

    def __init__(self, java: str, jar: Path) -> None:
        self._command = (java, "-Xmx2G", "-jar", str(jar), *_OPTIONS)
        self._process: subprocess.Popen[str] | None = None

    @classmethod
    def load(cls) -> "MeteorJar":
        """Find Java, and the jar in the installed pycocoevalcap.

        Raises:
            MissingExtraError: Java or pycocoevalcap is not installed.
            DataError: pycocoevalcap is installed without the jar, or its table is damaged.
        """
        require_extra("java", purpose="METEOR's jar")
        java = shutil.which("java")
        if java is None:
            raise MissingExtraError(
                "METEOR's jar needs Java, and there is no `java` on the PATH: install a Java "
                "runtime, or take --metric meteor, which needs none"
            )
        jar = find_jar()
        find_table(jar)
        return cls(java, jar)

    def __enter__(self) -> "MeteorJar":
        # To a file: a pipe that nobody empties would stop Java once it is full.
        self._complaints: IO[bytes] = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            self._complaints.close()
            raise MissingExtraError(f"Java does not start: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._complaints.close()

    def statistics(
        self,
        captions: Sequence[Sequence[str]],
        references: Sequence[Sequence[Sequence[str]]],
        *,
        progress: Progress = no_progress,
    ) -> NDArray[np.float64]:
        """Give the statistics of every image, (N, S), as `Meteor.statistics` does.

        Raises:
            DataError: Java died, or its answer is not a line of statistics.
        """
        rows = np.empty((len(captions), SIZE))
        for row, (caption, refs) in enumerate(zip(captions, references, strict=True)):
            line = " ||| ".join(["SCORE", *map(join_words, [*refs, caption])])
            rows[row] = self._parse(self._ask(line))
            progress(row + 1, len(captions))
        return uncount_whole(rows)

    def _ask(self, line: str) -> str:
        assert self._process, "MeteorJar is to be used in a `with` statement"
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except OSError as error:
            raise self._failure("stopped") from error
        if not answer:
            raise self._failure("stopped")
        return answer.strip()

    def _parse(self, answer: str) -> list[float]:
        try:
            numbers = [float(number) for number in answer.split()]
        except ValueError:
            numbers = []
        if len(numbers) != SIZE or not all(map(math.isfinite, numbers)):
            raise self._failure(f"answered {answer[:100]!r} instead of {SIZE} numbers")
        return numbers

    def _failure(self, event: str) -> DataError:
        """Make an error of what happened and of the exception that Java wrote to stderr."""
        self._complaints.seek(0)
        written = self._complaints.read().decode(errors="replace").split("\n")
        lines = [line.strip() for line in written if line.strip()] or ["nothing"]
        said = next((line for line in lines if "Exception" in line or "Error" in line), lines[-1])
        return DataError(f"METEOR's jar {event}; it said: {said}")
