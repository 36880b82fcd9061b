# SPDX-License-Identifier: Apache-2.0
"""Reads CSV files of results for the scripts beside it.

Input that cannot be read ends the program with exit status 1 and its place.
"""
import csv
import os
import sys


def fail(message):
    sys.exit(f"{os.path.basename(sys.argv[0])}: error: {message}")


def in_order(values, first):
    """Without duplicates: those of `first` in its order, then the others as they come."""
    values = list(dict.fromkeys(values))
    return [value for value in first if value in values] + [value for value in values if value not in first]


class Row:
    """One row of a CSV; its numbers are asked for by column, and a wrong one is told with its line."""

    def __init__(self, path, line, cells):
        self.path, self.line, self.cells = path, line, cells

    def text(self, column):
        return self.cells.get(column) or ""

    def number(self, column, kind=float):
        """None when the cell is empty."""
        text = self.text(column)
        if not text:
            return None
        try:
            value = kind(text)
        except ValueError:
            fail(f"{self.path}:{self.line}: `{column}` is no {'integer' if kind is int else 'number'}: `{text}`")
        if value != value or value in (float("inf"), float("-inf")):
            fail(f"{self.path}:{self.line}: `{column}` is not finite: `{text}`")
        return value


def read_csv(path, needed):
    """(columns, rows); lines starting with # before the header are comments."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = [(number, line) for number, line in enumerate(file, 1)]
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{path}: not a text file")
    while lines and lines[0][1].startswith("#"):
        lines.pop(0)
    if not lines:
        fail(f"{path}: empty")
    try:
        cells = csv.reader((line for _, line in lines), strict=True)
        columns = next(cells)
        missing = [column for column in needed if column not in columns]
        if missing:
            fail(f"{path}:{lines[0][0]}: no column {', '.join(missing)}")
        rows = []
        for record in cells:
            number = lines[cells.line_num - 1][0]
            if not record:
                continue
            if len(record) != len(columns):
                fail(f"{path}:{number}: {len(record)} cells under {len(columns)} columns")
            rows.append(Row(path, number, dict(zip(columns, record))))
    except csv.Error as error:
        fail(f"{path}: not a CSV: {error}")
    return columns, rows
