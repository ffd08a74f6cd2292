"""Exact block elimination: a ladder whose rungs are whole lines.

One family of lines ("down", W of them with K nodes each) is eliminated exactly and leaves a K x K
admittance C_w between the nodes of the other family ("across"). Going along the across lines from
their open end to their termination, as in a scalar ladder but with matrices,

    Y_0 = C_0,   F_w = (1 + r Y_w)^-1,   Y_{w+1} = C_{w+1} + Y_w F_w
    V_w = F_w (V_{w+1} + r J_w),         J_{w+1} = I_{w+1} + F_w J_w

with r one segment of the across lines. Written in resistances, as the scalar one: wires of 0 ohm
and floating lines are no special case. O(W K^3) operations; `exact` makes K the shorter side.

The impedance that a junction sees follows on the way back, Z_w = F_w (Z_{w+1} F_w + r).
Arrays are (W, K); chains of both families end at their last node.
"""

import numpy as np

from sim_backend.physics.crossbar.kernel import kernel
from sim_backend.physics.crossbar.network import Array

# Above it LAPACK is faster than plain loops.
_SMALL = 40


@kernel
def _inverse(a: Array) -> Array:
    """Inverse of a symmetric positive definite matrix; in place where it is small."""
    n = len(a)
    if n > _SMALL:
        return np.linalg.inv(a)  # type: ignore[return-value]
    for k in range(n):
        pivot = 1.0 / a[k, k]
        a[k, k] = 1.0
        for j in range(n):
            a[k, j] *= pivot
        for i in range(n):
            if i != k:
                factor = a[i, k]
                a[i, k] = 0.0
                for j in range(n):
                    a[i, j] -= factor * a[k, j]
    return a


@kernel
def _product(a: Array, b: Array, out: Array) -> None:
    n = len(a)
    if n > _SMALL:
        np.dot(a, b, out)
        return
    out[:] = 0.0
    for i in range(n):
        for k in range(n):
            for j in range(n):
                out[i, j] += a[i, k] * b[k, j]


@kernel
def _line(g: Array, wire_ohm: float, f: Array, from_current: float, x: Array, c: Array) -> None:
    """One down line: impedances x between its nodes, admittances c between the across nodes."""
    nodes = len(g)
    x[nodes - 1, nodes - 1] = from_current
    for k in range(nodes - 2, -1, -1):
        x[k, k] = f[k] * (f[k] * x[k + 1, k + 1] + wire_ohm)
    for k in range(nodes - 2, -1, -1):
        for last in range(k + 1, nodes):
            x[k, last] = f[k] * x[k + 1, last]
            x[last, k] = x[k, last]
    for k in range(nodes):
        for last in range(nodes):
            c[k, last] = -g[k] * x[k, last] * g[last]
        c[k, k] += g[k]


@kernel
def eliminate(
    g: Array,
    down_wire_ohm: float,
    across_wire_ohm: float,
    down_ohm: Array,
    across_ohm: Array,
    f_down: Array,
    from_source: Array,
    from_current: Array,
    f: Array,
) -> None:
    """Fill the factors: scalar ones of the down lines and F (W, K, K).

    The last of F is the impedance at the terminations, (1 / R + Y)^-1.
    """
    lines, nodes = g.shape
    x, c = np.empty((nodes, nodes)), np.empty((nodes, nodes))
    y, t = np.zeros((nodes, nodes)), np.empty((nodes, nodes))
    for w in range(lines):
        total = 0.0
        for k in range(nodes - 1):
            total += g[w, k]
            f_down[w, k] = 1.0 / (1.0 + down_wire_ohm * total)
            total *= f_down[w, k]
        total += g[w, nodes - 1]
        f_down[w, nodes - 1] = 1.0
        if np.isinf(down_ohm[w]):
            from_source[w] = 0.0
            from_current[w] = 1.0 / total
        else:
            r = down_ohm[w] + down_wire_ohm
            from_source[w] = 1.0 / (1.0 + r * total)
            from_current[w] = r * from_source[w]
        _line(g[w], down_wire_ohm, f_down[w], from_current[w], x, c)
        y += c
        if w < lines - 1:
            t[:] = across_wire_ohm * y
            for k in range(nodes):
                t[k, k] += 1.0
            f[w] = _inverse(t)
            _product(y, f[w], t)
            for k in range(nodes):
                for last in range(k, nodes):
                    y[k, last] = 0.5 * (t[k, last] + t[last, k])
                    y[last, k] = y[k, last]
    for k in range(nodes):
        y[k, k] += 1.0 / (across_ohm[k] + across_wire_ohm)
    f[lines - 1] = _inverse(y)


@kernel
def _down(
    g: Array,
    wire_ohm: float,
    f: Array,
    from_source: float,
    from_current: float,
    volts: float,
    v: Array,
) -> None:
    """Across-node voltages v (K,) -> voltages of the down line's nodes, in place."""
    nodes = len(g)
    carried = 0.0
    for k in range(nodes):
        carried = g[k] * v[k] + (carried * f[k - 1] if k > 0 else 0.0)
        v[k] = carried
    last = nodes - 1
    v[last] = from_source * volts + from_current * v[last]
    for k in range(last - 1, -1, -1):
        v[k] = (v[k + 1] + wire_ohm * v[k]) * f[k]


@kernel
def voltages(
    g: Array,
    down_wire_ohm: float,
    across_wire_ohm: float,
    across_ohm: Array,
    f_down: Array,
    from_source: Array,
    from_current: Array,
    f: Array,
    down_v: Array,
    across_v: Array,
    x: Array,
) -> None:
    """Junction voltages x (W, K), across node minus down node, for one set of sources."""
    lines, nodes = g.shape
    carried, v, node = np.zeros((lines, nodes)), np.empty(nodes), np.empty(nodes)
    for w in range(lines):
        if down_v[w] != 0.0:
            node[:] = 0.0
            _down(g[w], down_wire_ohm, f_down[w], from_source[w], from_current[w], down_v[w], node)
            for k in range(nodes):
                carried[w, k] += g[w, k] * node[k]
        if w > 0:
            for k in range(nodes):
                total = 0.0
                for last in range(nodes):
                    total += f[w - 1, k, last] * carried[w - 1, last]
                carried[w, k] += total
    for k in range(nodes):
        node[k] = carried[lines - 1, k] + across_v[k] / (across_ohm[k] + across_wire_ohm)
    for w in range(lines - 1, -1, -1):
        if w < lines - 1:
            for k in range(nodes):
                node[k] = v[k] + across_wire_ohm * carried[w, k]
        for k in range(nodes):
            total = 0.0
            for last in range(nodes):
                total += f[w, k, last] * node[last]
            x[w, k] = total
        v[:] = x[w]
        node[:] = x[w]
        _down(g[w], down_wire_ohm, f_down[w], from_source[w], from_current[w], down_v[w], node)
        for k in range(nodes):
            x[w, k] -= node[k]


@kernel
def impedances(
    g: Array,
    down_wire_ohm: float,
    across_wire_ohm: float,
    f_down: Array,
    from_current: Array,
    f: Array,
    z: Array,
) -> None:
    """Resistance z (W, K) between the two nodes of each junction, itself included, ohm."""
    lines, nodes = g.shape
    x, c = np.empty((nodes, nodes)), np.empty((nodes, nodes))
    seen, t = f[lines - 1].copy(), np.empty((nodes, nodes))
    for w in range(lines - 1, -1, -1):
        if w < lines - 1:
            _product(seen, f[w], t)
            for k in range(nodes):
                t[k, k] += across_wire_ohm
            _product(f[w], t, seen)
        _line(g[w], down_wire_ohm, f_down[w], from_current[w], x, c)
        # Rows of t: what a voltage at each across node does to one junction.
        for k in range(nodes):
            for last in range(nodes):
                t[k, last] = -x[k, last] * g[w, last]
            t[k, k] += 1.0
        _product(t, seen, c)
        for k in range(nodes):
            total = x[k, k]
            for last in range(nodes):
                total += c[k, last] * t[k, last]
            z[w, k] = total


@kernel
def transfer(
    g: Array,
    across_wire_ohm: float,
    across_ohm: Array,
    f_down: Array,
    from_source: Array,
    f: Array,
    out: Array,
) -> None:
    """Currents (W, K) out of the down terminations for 1 V at each across termination, S."""
    lines, nodes = g.shape
    for w in range(lines):
        # A current into node k of a down line leaves through its termination in this proportion.
        share = from_source[w]
        for k in range(nodes - 1, -1, -1):
            share *= f_down[w, k]
            out[w, k] = share * g[w, k]
        if w < lines - 1:
            out[: w + 1] = np.dot(out[: w + 1], f[w])
    out[:] = np.dot(out, f[lines - 1])
    for w in range(lines):
        for k in range(nodes):
            out[w, k] /= across_ohm[k] + across_wire_ohm


@kernel
def operate(
    g: Array,
    down_wire_ohm: float,
    across_wire_ohm: float,
    down_ohm: Array,
    across_ohm: Array,
    down_v: Array,
    across_v: Array,
    by_down: bool,
    x: Array,
    z: Array,
    y: Array,
) -> None:
    """Everything that an operating point needs, for several states and several sets of sources.

    `g` (G, W, K) has one state for all sets of sources or one each, `down_v` is (L, W) and
    `across_v` (L, K); `by_down` says that the outputs are the down lines. Filled are the junction
    voltages `x` (L, W, K), the impedances `z` (G, W, K), and in `y` (G, W, K) the voltage of each
    junction for 1 V at the end of its own output line.
    """
    states, lines, nodes = g.shape
    f_down, f = np.empty((lines, nodes)), np.empty((lines, nodes, nodes))
    from_source, from_current = np.empty(lines), np.empty(lines)
    one, no_down, no_across = np.empty((lines, nodes)), np.zeros(lines), np.zeros(nodes)
    for s in range(states):
        eliminate(
            g[s],
            down_wire_ohm,
            across_wire_ohm,
            down_ohm,
            across_ohm,
            f_down,
            from_source,
            from_current,
            f,
        )
        impedances(g[s], down_wire_ohm, across_wire_ohm, f_down, from_current, f, z[s])
        first = 0 if states == 1 else s
        last = len(x) if states == 1 else s + 1
        for level in range(first, last):
            voltages(
                g[s],
                down_wire_ohm,
                across_wire_ohm,
                across_ohm,
                f_down,
                from_source,
                from_current,
                f,
                down_v[level],
                across_v[level],
                x[level],
            )
        for output in range(lines if by_down else nodes):
            if by_down:
                no_down[output] = 1.0
            else:
                no_across[output] = 1.0
            voltages(
                g[s],
                down_wire_ohm,
                across_wire_ohm,
                across_ohm,
                f_down,
                from_source,
                from_current,
                f,
                no_down,
                no_across,
                one,
            )
            if by_down:
                no_down[output] = 0.0
                y[s, output] = one[output]
            else:
                no_across[output] = 0.0
                y[s, :, output] = one[:, output]
