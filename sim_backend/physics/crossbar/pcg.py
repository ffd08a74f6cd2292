"""Conjugate gradients on the row nodes; the column nodes are eliminated exactly.

With row-node voltages w, column-node voltages b, Laplacians L_w and L_b of the wires and their
terminations, and junctions G:

    S w = s_w + G B^-1 s_b,   S = M - G B^-1 G,   M = L_w + G,   B = L_b + G

M and B are tridiagonal, one chain per line, and M is the preconditioner. The chains are solved as
ladders, from their open end to their termination, in resistances instead of conductances: nothing
is subtracted, wires of 0 ohm and floating lines are no special case, and L_w never appears
(the product M p obeys the recurrence of p).

Arrays of column chains are (rows, columns), those of row chains (columns, rows), so that every
chain runs along axis 0 and the inner loops over neighbouring chains. `ends` says at which end of
axis 0 the chains are terminated: rows at the first node, columns at the last.

Stated error. All eigenvalues of M^-1 S lie in [least, 1]. M^-1 G and B^-1 G have no negative
element, and their row sums are 1 - h with h the voltage that the termination alone leaves at a
node; so least >= 1 - max(1 - h_w) max(1 - h_b). Then |e|_S^2 <= r M^-1 r / least, and a line's
current, being the sum over its junctions, is off by at most sqrt(sum of its G) |e|_S. Where rows
and columns float this bound on `least` is of no use, and the smallest Ritz value, halved, is taken.
"""

import numpy as np

from sim_backend.physics.crossbar.kernel import kernel
from sim_backend.physics.crossbar.network import Array

CONVERGED, BAD_CONDUCTANCE, STALLED = 0, 1, 2
_ROWS_END, _COLUMNS_END = -1, 1
# Below this the Perron bound says nothing worth having.
_USELESS = 0.02


@kernel
def _factor(
    g: Array,
    wire_ohm: float,
    end_ohm: Array,
    ends: int,
    f: Array,
    from_source: Array,
    from_current: Array,
) -> float:
    """Ladder factors of all chains; returns the largest 1 - h of the module's docstring."""
    nodes, chains = g.shape
    y = np.zeros(chains)
    h = np.ones(chains)
    for step in range(nodes):
        k = step if ends > 0 else nodes - 1 - step
        for c in range(chains):
            y[c] += g[k, c]
        if step == nodes - 1:
            break
        for c in range(chains):
            t = 1.0 / (1.0 + wire_ohm * y[c])
            f[k, c] = t
            h[c] *= t
            y[c] *= t
    most = 0.0
    for c in range(chains):
        if np.isinf(end_ohm[c]):
            from_source[c] = 0.0
            from_current[c] = 1.0 / y[c]
        else:
            r = end_ohm[c] + wire_ohm
            from_source[c] = 1.0 / (1.0 + r * y[c])
            from_current[c] = r * from_source[c]
        most = max(most, 1.0 - h[c] * from_source[c])
    return most


@kernel
def _chains(q: Array, wire_ohm: float, ends: int, f: Array, from_current: Array) -> None:
    """Currents into the nodes -> node voltages, in place; terminations at 0 V."""
    nodes, chains = q.shape
    last = nodes - 1 if ends > 0 else 0
    for step in range(nodes - 1):
        k = step if ends > 0 else nodes - 1 - step
        to = k + ends
        for c in range(chains):
            q[to, c] += q[k, c] * f[k, c]
    for c in range(chains):
        q[last, c] *= from_current[c]
    for step in range(nodes - 1):
        k = last - ends * (step + 1)
        came = k + ends
        for c in range(chains):
            q[k, c] = (q[came, c] + wire_ohm * q[k, c]) * f[k, c]


@kernel
def _add_sources(v: Array, ends: int, f: Array, from_source: Array, volts: Array) -> None:
    """Add what the terminations' own voltages do to the nodes."""
    nodes, chains = v.shape
    h = from_source * volts
    if not h.any():
        return
    for step in range(nodes):
        k = nodes - 1 - step if ends > 0 else step
        if step > 0:
            for c in range(chains):
                h[c] *= f[k, c]
        for c in range(chains):
            v[k, c] += h[c]


@kernel
def _turn(source: Array, out: Array) -> None:
    """Transpose, in tiles of a fixed size that the compiler keeps in registers."""
    n, m = out.shape
    whole_n, whole_m = n - n % 8, m - m % 8
    for i0 in range(0, whole_n, 8):
        for j0 in range(0, whole_m, 8):
            for i in range(8):
                for j in range(8):
                    out[i0 + i, j0 + j] = source[j0 + j, i0 + i]
    for i in range(whole_n):
        for j in range(whole_m, m):
            out[i, j] = source[j, i]
    for i in range(whole_n, n):
        for j in range(m):
            out[i, j] = source[j, i]


@kernel
def _currents(g: Array, x: Array, row_a: Array, column_a: Array) -> float:
    """Sums of junction currents along the lines; returns the largest of them."""
    n, m = g.shape
    column_a[:] = 0.0
    for i in range(n):
        total = 0.0
        for j in range(m):
            current = g[i, j] * x[i, j]
            total += current
            column_a[j] += current
        row_a[i] = total
    largest: float = max(np.abs(row_a).max(), np.abs(column_a).max())
    return largest


@kernel
def _most_of_a_line(g: Array) -> float:
    """Largest sum of conductances of a line; nan if one is negative or not finite."""
    n, m = g.shape
    column = np.zeros(m)
    most, least = 0.0, 0.0
    for i in range(n):
        total = 0.0
        for j in range(m):
            total += g[i, j]
            column[j] += g[i, j]
            least = min(least, g[i, j])
        most = max(most, total)
        if not total < np.inf:
            return np.nan
    for j in range(m):
        most = max(most, column[j])
    return most if least >= 0.0 else np.nan


@kernel
def _smallest_ritz(alpha: Array, beta: Array, n: int) -> float:
    """Smallest eigenvalue of the Lanczos matrix of n steps, by bisection on the sign count."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        below = False
        d = 1.0
        for k in range(n):
            diagonal = 1.0 / alpha[k] - middle
            if k > 0:
                diagonal += beta[k - 1] / alpha[k - 1]
                diagonal -= beta[k - 1] / (alpha[k - 1] * alpha[k - 1] * d)
            d = diagonal
            if d < 0.0:
                below = True
                break
        if below:
            high = middle
        else:
            low = middle
    return low


@kernel
def solve(
    g: Array,
    wires_ohm: tuple[float, float],
    rows: tuple[Array, Array],
    columns: tuple[Array, Array],
    tolerance: float,
    most_steps: int,
    b: Array,
    x: Array,
    row_a: Array,
    column_a: Array,
) -> tuple[int, int, float]:
    """One state, one set of sources; `rows` and `columns` are (volts, ohm).

    `b` (rows, columns) is any guess of the column nodes and becomes their voltages; `x`, `row_a`
    and `column_a` are filled. Returns (status, steps, stated error).
    """
    n, m = g.shape
    (row_wire, column_wire), (row_v, row_ohm), (column_v, column_ohm) = wires_ohm, rows, columns
    most_line = _most_of_a_line(g)
    if np.isnan(most_line):
        return BAD_CONDUCTANCE, 0, np.inf
    gw = np.empty((m, n))
    _turn(g, gw)
    fw, fb = np.empty((m, n)), np.empty((n, m))
    source_w, current_w = np.empty(n), np.empty(n)
    source_b, current_b = np.empty(m), np.empty(m)
    theta = _factor(gw, row_wire, row_ohm, _ROWS_END, fw, source_w, current_w)
    theta *= _factor(g, column_wire, column_ohm, _COLUMNS_END, fb, source_b, current_b)
    least = 1.0 - theta
    ritz = least < _USELESS

    r, p, u, s = (np.empty_like(gw), np.empty_like(gw), np.empty_like(gw), np.empty_like(gw))
    turned, y = np.empty_like(g), np.empty_like(g)
    _turn(b, s)
    for k in range(m):
        for i in range(n):
            s[k, i] *= gw[k, i]
    _chains(s, row_wire, _ROWS_END, fw, current_w)
    _add_sources(s, _ROWS_END, fw, source_w, row_v)
    _turn(s, x)
    for i in range(n):
        for j in range(m):
            y[i, j] = g[i, j] * x[i, j]
    _chains(y, column_wire, _COLUMNS_END, fb, current_b)
    _add_sources(y, _COLUMNS_END, fb, source_b, column_v)
    for i in range(n):
        for j in range(m):
            x[i, j] -= y[i, j]
            change = y[i, j] - b[i, j]
            b[i, j] = y[i, j]
            y[i, j] = change
    _turn(y, r)
    for k in range(m):
        for i in range(n):
            r[k, i] *= gw[k, i]
            p[k, i] = r[k, i]
            u[k, i] = r[k, i]
    # Less than this is rounding, where the sources drive nothing.
    least_a = 1e-12 * most_line * max(np.abs(row_v).max(), np.abs(column_v).max())
    largest = max(_currents(g, x, row_a, column_a), least_a)
    _chains(p, row_wire, _ROWS_END, fw, current_w)
    rho = 0.0
    for k in range(m):
        for i in range(n):
            rho += r[k, i] * p[k, i]

    alphas, betas = np.empty(most_steps), np.empty(most_steps)
    steps = 0
    while True:
        if ritz and steps > 0:
            least = max(1.0 - theta, 0.5 * _smallest_ritz(alphas, betas, steps))
        off = 0.0
        if rho > 0.0:
            off = np.sqrt(most_line * rho / least) if least > 0.0 else np.inf
        if off <= tolerance * largest:
            largest = max(_currents(g, x, row_a, column_a), least_a)
            if off <= tolerance * largest:
                return CONVERGED, steps, off / largest if off > 0.0 else 0.0
        if steps == most_steps:
            largest = max(_currents(g, x, row_a, column_a), least_a)
            return STALLED, steps, off / largest if largest > 0.0 else np.inf
        _turn(p, turned)
        for i in range(n):
            for j in range(m):
                y[i, j] = g[i, j] * turned[i, j]
        _chains(y, column_wire, _COLUMNS_END, fb, current_b)
        _turn(y, s)
        curvature = 0.0
        for k in range(m):
            for i in range(n):
                s[k, i] = u[k, i] - gw[k, i] * s[k, i]
                curvature += p[k, i] * s[k, i]
        alpha = rho / curvature
        for i in range(n):
            for j in range(m):
                b[i, j] += alpha * y[i, j]
                x[i, j] += alpha * (turned[i, j] - y[i, j])
        for k in range(m):
            for i in range(n):
                r[k, i] -= alpha * s[k, i]
                s[k, i] = r[k, i]
        _chains(s, row_wire, _ROWS_END, fw, current_w)
        before = rho
        rho = 0.0
        for k in range(m):
            for i in range(n):
                rho += r[k, i] * s[k, i]
        beta = rho / before
        for k in range(m):
            for i in range(n):
                p[k, i] = s[k, i] + beta * p[k, i]
                u[k, i] = r[k, i] + beta * u[k, i]
        alphas[steps], betas[steps] = alpha, beta
        steps += 1


@kernel
def _guess(b: Array, column_v: Array, column_ohm: Array) -> None:
    """Column nodes at the voltage of their termination, 0 where they float."""
    n, m = b.shape
    for j in range(m):
        b[0, j] = 0.0 if np.isinf(column_ohm[j]) else column_v[j]
    for i in range(1, n):
        b[i] = b[0]


@kernel
def solve_many(
    g: Array,
    wires_ohm: tuple[float, float],
    rows: tuple[Array, Array],
    columns: tuple[Array, Array],
    tolerance: float,
    most_steps: int,
    x: Array,
    row_a: Array,
    column_a: Array,
) -> tuple[int, int, float]:
    """`solve` for each of `rows`' sets of voltages; `g` has one state for all, or one each.

    Returns (status, which one, the largest stated error).
    """
    worst = 0.0
    row_v, row_ohm = rows
    b = np.empty(g.shape[1:])
    for k in range(len(row_v)):
        _guess(b, *columns)
        status, _, error = solve(
            g[min(k, len(g) - 1)],
            wires_ohm,
            (row_v[k], row_ohm),
            columns,
            tolerance,
            most_steps,
            b,
            x[k],
            row_a[k],
            column_a[k],
        )
        if status != CONVERGED:
            return status, k, error
        worst = max(worst, error)
    return CONVERGED, 0, worst
