#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draws results.csv of fusemax_quickstart: array utilisation by length, and where every array-cycle went.

Usage: scripts/plot/quickstart.py RESULTS.csv [--out BASENAME]   → BASENAME.png and BASENAME.pdf
Only columns are read, no names of configurations, arrays or Einsums: any spec with a sequence length can be drawn.
"""
import argparse
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter  # noqa: E402

from results_csv import read_csv  # noqa: E402
from style import FAINT, INK, bare, length_text, lined  # noqa: E402

# Okabe and Ito's colours, which every kind of colour vision tells apart; greys are for time nobody computes.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442"]
IDLE = [("wait_transit", "waits: transit", "#9a9a9a"), ("wait_data", "waits: data", "#b4b4b4"),
        ("wait_dependence", "waits: dependence", "#c6c6c6"), ("wait_slot", "waits: slot", "#d4d4d4"),
        ("wait_iteration", "waits: iteration", "#7e7e7e"), ("wait_port", "waits: port", "#686868"),
        ("fill", "fill", "#e2e2e2"), ("drain", "drain", "#ececec")]
MOST_COMPUTING = 7  # Einsums with a colour of their own; smaller ones share one


def read_rows(path):
    rows = read_csv(path, ["configuration", "seq_len", "fidelity", "cycles"])[1]
    return [row.cells for row in rows if row.text("seq_len")]


def distinct(values):
    return list(dict.fromkeys(values))


def spread(positions, gap):
    """Positions moved apart so that neighbours are at least `gap` away, order kept."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    placed = list(positions)
    for before, after in zip(order, order[1:]):
        placed[after] = max(placed[after], placed[before] + gap)
    excess = max(0, placed[order[-1]] - max(positions)) / 2 if order else 0
    return [value - excess for value in placed]


def draw_utilisation(axis, rows, array, configurations):
    column = f"util_{array}"
    ends = []
    for number, configuration in enumerate(configurations):
        colour = COLOURS[number % len(COLOURS)]
        mine = [row for row in rows if row["configuration"] == configuration and row.get(column)]
        for fidelity, style in (("waterfall", (0, (1.5, 1.5))), ("cycle", "solid")):
            line = sorted((int(row["seq_len"]), float(row[column])) for row in mine if row["fidelity"] == fidelity)
            if not line:
                continue
            lengths, shares = zip(*line)
            cycle = fidelity == "cycle"
            axis.plot(lengths, shares, color=colour, linestyle=style, linewidth=2 if cycle else 1.4,
                      marker="o" if cycle else None, markersize=4.5, clip_on=False, zorder=3 if cycle else 2)
            ends.append((shares[-1], configuration if cycle else "waterfall", colour, cycle))
    # Lines that end together share one label.
    ends = [end for end in ends if end[3] or not any(
        other[3] and other[2] == end[2] and abs(other[0] - end[0]) < 0.015 for other in ends)]
    places = spread([end[0] for end in ends], 0.075)
    last = max(int(row["seq_len"]) for row in rows)
    for (share, text, colour, cycle), place in zip(ends, places):
        axis.annotate(f"{text}  {share:.0%}", (last, share), xytext=(last * 1.35, place), textcoords="data", color=colour,
                      fontsize=9, fontweight="bold" if cycle else "normal", va="center", annotation_clip=False)
    lengths = sorted({int(row["seq_len"]) for row in rows})
    axis.set_xscale("log", base=2)
    axis.xaxis.set_major_locator(FixedLocator(lengths))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([length_text(length) for length in lengths])
    axis.set_ylim(0, 1.0)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    lined(axis)
    axis.set_title(f"{array} busy", loc="left", fontsize=11, fontweight="bold", color=INK)
    axis.set_xlabel("sequence length [tokens]", color=INK)
    bare(axis)


def accounts_of(row, array):
    """[(kind, subject, share of the run's cycles)] of one array."""
    prefix, suffix = f"account_{array}_", "_cycles"
    kinds = ["busy"] + [kind for kind, _, _ in IDLE]
    found = []
    for column, text in row.items():
        if not column.startswith(prefix) or not column.endswith(suffix) or not text:
            continue
        name = column[len(prefix):-len(suffix)]
        kind = next((kind for kind in kinds if name == kind or name.startswith(kind + "_")), None)
        if kind:
            found.append((kind, name[len(kind) + 1:], int(text) / int(row["cycles"])))
    return found


def draw_accounts(axis, rows, array, configurations):
    """One bar per configuration and length, stacked by Einsum and by reason of idleness."""
    bars, groups = [], []
    position = 0
    for configuration in configurations:
        mine = sorted((row for row in rows if row["configuration"] == configuration and row["fidelity"] == "cycle"
                       and accounts_of(row, array)), key=lambda row: int(row["seq_len"]))
        if not mine:
            continue
        groups.append((configuration, position, position + len(mine) - 1))
        for row in mine:
            bars.append((position, row))
            position += 1
        position += 3.0  # room for the names
    if not bars:
        axis.set_axis_off()
        return
    totals = {}
    for _, row in bars:
        for kind, subject, share in accounts_of(row, array):
            if kind == "busy":
                totals[subject] = max(totals.get(subject, 0), share)
    order = [name[len(f"account_{array}_busy_"):-len("_cycles")] for name in bars[0][1]
             if name.startswith(f"account_{array}_busy_")]
    # Colours go to the Einsums that show; the others are one slice.
    shown = sorted(sorted(totals, key=lambda name: -totals[name])[:MOST_COMPUTING],
                   key=lambda name: order.index(name) if name in order else 99)
    shown = [name for name in shown if totals[name] >= 0.02]
    layers = [(("busy", name), name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(shown)]
    rest = [name for name in totals if name not in shown]
    if rest:
        layers.append((("busy", None), "+".join(rest) if len(rest) < 4 else f"{len(rest)} others", "#4d4d4d"))
    layers += [((kind, ""), label, colour) for kind, label, colour in IDLE]
    used, tops = [], {}
    for place, row in bars:
        bottom = 0
        accounts = accounts_of(row, array)
        for (kind, name), label, colour in layers:
            share = sum(part for k, subject, part in accounts if k == kind and
                        (k != "busy" or (subject == name if name else subject in rest)))
            if share <= 0:
                continue
            axis.bar(place, share, 0.86, bottom, color=colour, edgecolor="white", linewidth=0.5, zorder=3)
            tops.setdefault(place, []).append((bottom, share, label, colour))
            bottom += share
            if (label, colour) not in used:
                used.append((label, colour))
    # Names beside the last bar of each group, where the slice is thick enough to be seen.
    named = set()
    for _, _, last in groups:
        thick = [slice_ for slice_ in tops[last] if slice_[1] >= 0.012]
        places = spread([bottom + share / 2 for bottom, share, _, _ in thick], 0.055)
        for (_, share, label, colour), place in zip(thick, places):
            named.add(label)
            dark = colour if colour not in {grey for _, _, grey in IDLE} and colour != "#F0E442" else INK
            axis.annotate(f"{label}  {share:.0%}", (last + 0.52, place), color=dark, fontsize=8,
                          va="center", annotation_clip=False)
    # What only shorter sequences show is named inside its thickest slice.
    for label in distinct(label for slices in tops.values() for _, _, label, _ in slices if label not in named):
        share, bottom, place = max((share, bottom, place) for place, slices in tops.items()
                                   for bottom, share, name, _ in slices if name == label)
        if share >= 0.04 and len(label) <= 5:
            axis.text(place, bottom + share / 2, label, color="white", fontsize=8, fontweight="bold", ha="center",
                      va="center", zorder=4)
    axis.set_xlim(-0.6, bars[-1][0] + 0.6)
    axis.set_ylim(0, 1)
    axis.set_xticks([place for place, _ in bars])
    axis.set_xticklabels([length_text(int(row["seq_len"])) for _, row in bars], fontsize=8)
    for configuration, first, last in groups:
        axis.annotate(configuration, ((first + last) / 2, 0), xytext=(0, -24), textcoords="offset points", ha="center",
                      va="top", fontsize=10, fontweight="bold", color=INK, annotation_clip=False,
                      xycoords=axis.get_xaxis_transform())
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    axis.set_title(f"where the cycles of {array} go", loc="left", fontsize=11, fontweight="bold", color=INK)
    bare(axis)


def title_of(rows):
    specs, models = distinct(row["spec"] for row in rows), distinct(row["model"] for row in rows)
    machines = distinct(row["machine"] for row in rows)
    return f"{', '.join(specs)}: {', '.join(models)} on {', '.join(machines)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", metavar="RESULTS.csv")
    parser.add_argument("--out", metavar="BASENAME", help="default: the CSV's name without .csv")
    options = parser.parse_args()
    rows = read_rows(options.results)
    models = distinct(row["model"] for row in rows)
    if len(models) > 1:
        print(f"{options.results}: several models; drawing {models[0]} only", file=sys.stderr)
        rows = [row for row in rows if row["model"] == models[0]]
    arrays = [column[len("util_"):] for column in rows[0] if column.startswith("util_")]
    configurations = distinct(row["configuration"] for row in rows)

    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 9, "axes.labelcolor": INK, "text.color": INK})
    figure, axes = plt.subplots(2, len(arrays), figsize=(7.6 * len(arrays), 9), squeeze=False,
                                gridspec_kw={"height_ratios": [1, 1.25]})
    for column, array in enumerate(arrays):
        draw_utilisation(axes[0][column], rows, array, configurations)
        draw_accounts(axes[1][column], rows, array, configurations)
    figure.suptitle(title_of(rows), x=0.045, y=0.985, ha="left", fontsize=13, fontweight="bold")
    figure.text(0.045, 0.945, "solid: simulated cycle by cycle; dotted: the waterfall sum of the published model",
                fontsize=9, color=FAINT)
    figure.subplots_adjust(left=0.045, right=0.915, top=0.885, bottom=0.08, wspace=0.36, hspace=0.36)
    base = options.out or os.path.splitext(options.results)[0]
    for extension, dpi in (("png", 160), ("pdf", None)):
        figure.savefig(f"{base}.{extension}", dpi=dpi)
        print(f"{base}.{extension}")


if __name__ == "__main__":
    main()
