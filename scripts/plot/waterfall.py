#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the first iterations of a trace (einloom run --trace) as a waterfall: one row per array, one box per operation.

Usage: scripts/plot/waterfall.py TRACE.json [--iterations N] [--out BASE]
→ BASE.png and BASE.pdf
Boxes are coloured by Einsum and carry the number of their iteration: tiles are counted in the order in which their
first operation starts. What the arrays wait for stands between the boxes. Operations of later iterations that start
before the last box shown ends are paler.
"""
import argparse
import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

# Okabe and Ito's colours first, which every kind of colour vision tells apart; then lighter ones of them.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#8da0cb", "#b3de69",
           "#fccde5", "#80b1d3", "#bc80bd", "#ccebc5", "#ffed6f"]
DARK = {"#0072B2", "#009E73", "#D55E00"}  # with white letters
INK, FAINT, IDLE = "#222222", "#8a8a8a", "#efefef"
WIDTH_INCHES, ROW_INCHES = 13.2, 0.95
LETTER = 0.0055  # share of the width that a letter takes
MOST_ITERATIONS = 1000


def fail(message):
    sys.exit(f"waterfall.py: error: {message}")


def events_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            trace = json.load(file)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{path}: not a text file")
    except json.JSONDecodeError as error:
        fail(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}")
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list):
        fail(f"{path}: not a trace: no list `traceEvents`")
    return trace["traceEvents"], trace.get("otherData", {})


def rows_of(path, events):
    """[(array, [(begin, end, name, iteration, is a stall)])], and how many iterations there are."""
    names, found, iterations = {}, {}, {}
    for event in events:
        track = (event.get("pid"), event.get("tid"))
        if event.get("ph") == "M" and event.get("name") == "thread_name":
            names[track] = event["args"]["name"]
        if event.get("ph") != "X" or event.get("cat") not in ("operation", "stall"):
            continue
        found.setdefault(track, []).append(event)
    if not any(event["cat"] == "operation" for track in found.values() for event in track):
        fail(f"{path}: no operations to draw")
    operations = [event for track in found.values() for event in track if event["cat"] == "operation"]
    operations.sort(key=lambda event: event["ts"])
    # An operation behind a loop has no place along it: it belongs to the iteration that was begun last.
    deepest = max(len(event["args"]) for event in operations)
    for event in operations:
        place = tuple(event["args"].items())
        if len(place) == deepest:
            iterations.setdefault(place, len(iterations))
        event["iteration"] = iterations.get(place, max(0, len(iterations) - 1))
    rows = []
    for track in sorted(found):
        boxes = [(event["ts"], event["ts"] + event["dur"], event["name"], event.get("iteration"),
                  event["cat"] == "stall") for event in found[track]]
        rows.append((names.get(track, str(track[1])), sorted(boxes, key=lambda box: box[0])))
    return rows, len(iterations)


def write(axis, box, row, text, limit, **style):
    begin, end = box
    if len(text) * LETTER * limit <= end - begin:
        axis.text((begin + end) / 2, row, text, ha="center", va="center", clip_on=True, **style)
        return True
    return False


def draw(rows, shown, title):
    einsums = list(dict.fromkeys(box[2] for _, boxes in rows for box in boxes if not box[4]))
    colour = {einsum: COLOURS[i % len(COLOURS)] for i, einsum in enumerate(einsums)}
    own = [box for _, boxes in rows for box in boxes if not box[4] and box[3] < shown]
    first, last = min(box[0] for box in own), max(box[1] for box in own)
    limit = last - first
    figure, axis = plt.subplots(figsize=(WIDTH_INCHES, 1.3 + ROW_INCHES * len(rows)))
    drawn = []
    for number, (_, boxes) in enumerate(rows):
        for begin, end, name, iteration, stall in boxes:
            if begin >= last or end <= first:
                continue
            place = (max(begin, first), min(end, last))
            if stall:
                axis.barh(number, place[1] - place[0], left=place[0], height=0.5, color=IDLE, zorder=1)
                write(axis, place, number, name.replace("_", " "), limit, fontsize=7, color=FAINT, style="italic")
                continue
            paler = iteration >= shown
            edge = 0.6 if place[1] - place[0] > 0.004 * limit else 0  # would hide a narrow box
            axis.barh(number, place[1] - place[0], left=place[0], height=0.72, color=colour[name], edgecolor="white",
                      linewidth=edge, alpha=0.35 if paler else 1, zorder=2)
            letters = "white" if colour[name] in DARK and not paler else INK
            drawn.append(iteration)
            if not write(axis, place, number, f"{name} {iteration}", limit, fontsize=8, color=letters, zorder=3):
                write(axis, place, number, str(iteration), limit, fontsize=7, color=letters, zorder=3)
    axis.set_yticks(range(len(rows)))
    axis.set_yticklabels([name for name, _ in rows], fontsize=10, fontweight="bold", color=INK)
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(first, last)
    axis.set_xlabel("cycles", color=INK)
    axis.set_title(title, loc="left", fontsize=10, color=INK)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(color=FAINT, length=3)
    axis.tick_params(axis="y", length=0)
    handles = [Patch(color=colour[einsum], label=einsum) for einsum in einsums]
    axis.legend(handles=handles + [Patch(color=IDLE, label="idle")], loc="upper left", bbox_to_anchor=(0, -0.32),
                ncol=len(handles) + 1, frameon=False, fontsize=8, handlelength=1.2, columnspacing=1.2)
    return figure, len(drawn), first, last


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace", metavar="TRACE.json")
    parser.add_argument("--iterations", type=int, default=4, metavar="N", help="how many are shown; default: 4")
    parser.add_argument("--out", metavar="BASE", help="files BASE.png and BASE.pdf; default: the trace without .json")
    options = parser.parse_args()
    if not 1 <= options.iterations <= MOST_ITERATIONS:
        fail(f"--iterations is {options.iterations}; 1 to {MOST_ITERATIONS} can be drawn")
    events, about = events_of(options.trace)
    try:
        rows, there = rows_of(options.trace, events)
    except (KeyError, TypeError, AttributeError) as error:
        fail(f"{options.trace}: not a trace of einloom: {error!r}")
    shown = min(options.iterations, there)
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "axes.labelcolor": INK, "text.color": INK})
    figure, boxes, first, last = draw(rows, shown, about.get("point", options.trace))
    base = options.out or os.path.splitext(options.trace)[0]
    for extension in ("png", "pdf"):
        try:
            figure.savefig(f"{base}.{extension}", dpi=160, bbox_inches="tight")
        except OSError as error:
            fail(f"{base}.{extension}: {error.strerror}")
    print(f"{shown} of {there} iterations, {boxes} boxes, cycles {first:g} to {last:g}: {base}.png, {base}.pdf")


if __name__ == "__main__":
    main()
