# SPDX-License-Identifier: Apache-2.0
"""What figures of results share: ink, axes, lengths."""
INK, FAINT = "#222222", "#8a8a8a"


def length_text(length):
    for step, unit in ((1 << 20, "M"), (1 << 10, "k")):
        if length >= step:
            return f"{length / step:g}{unit}"
    return str(length)


def bare(axis):
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axis.spines[side].set_color(FAINT)
    axis.tick_params(colors=INK, length=3, color=FAINT)


def lined(axis):
    axis.grid(axis="y", color="#e6e6e6", linewidth=0.8, zorder=0)
    axis.set_axisbelow(True)
