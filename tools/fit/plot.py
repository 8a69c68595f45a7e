#!/usr/bin/env python3
"""Risk-coverage curves as SVG, from what `emend-fit tables --scores` wrote.

usage: plot.py SCORES.tsv NAME,NAME,... > docs/risk-coverage.svg

NAMEs are the systems' in the order of the --predictions of `emend-fit extract`. For each system the
answers are delivered in order of suspicion, least first: across the share delivered, up the share of
those that are wrong.
"""
import collections
import sys

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 50, 40
COLOURS = ["#1b6ca8", "#d1495b", "#66a182", "#edae49", "#8d6a9f", "#2e4057", "#888888"]


def curve(answers):
    answers.sort()
    wrong, points = 0, []
    for i, (_, right) in enumerate(answers):
        wrong += not right
        points.append(((i + 1) / len(answers), wrong / (i + 1)))
    return points


def main():
    names = sys.argv[2].split(",")
    systems = collections.defaultdict(list)
    for line in open(sys.argv[1], encoding="utf-8"):
        setting, _, _, system, right, suspicion = line.rstrip("\n").split("\t")
        if setting == "DRAFT":
            systems[int(system)].append((float(suspicion), right == "1"))
        elif setting == "OWN":
            systems[len(names)].append((float(suspicion), right == "1"))
    names.append("embedded")
    most = 0.42
    x = lambda v: LEFT + v * (WIDTH - LEFT - 20)
    y = lambda v: HEIGHT - BOTTOM - min(v, most) / most * (HEIGHT - BOTTOM - 20)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for i in range(0, 11, 2):
        out.append(f'<line x1="{x(i/10):.1f}" y1="{y(0):.1f}" x2="{x(i/10):.1f}" y2="{y(most):.1f}" stroke="#ddd"/>'
                   f'<text x="{x(i/10):.1f}" y="{HEIGHT-BOTTOM+16}" text-anchor="middle">{i*10}%</text>')
    for i in range(0, 5):
        out.append(f'<line x1="{x(0):.1f}" y1="{y(i/10):.1f}" x2="{x(1):.1f}" y2="{y(i/10):.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT-6}" y="{y(i/10)+4:.1f}" text-anchor="end">{i*10}%</text>')
    out.append(f'<text x="{WIDTH/2}" y="{HEIGHT-6}" text-anchor="middle">delivered, least suspicious first</text>')
    out.append(f'<text x="14" y="{HEIGHT/2}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT/2})">wrong among them</text>')
    for k in sorted(systems):
        points = curve(systems[k])[19::6]
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        colour = COLOURS[k % len(COLOURS)]
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        out.append(f'<text x="{LEFT+14}" y="{34+16*k}" fill="{colour}">{names[k]}</text>')
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
