"""Recurrent networks in NumPy: three cells, one way through time, one way back.

A cell makes the next state of one input and the state before it. States are tuples: ``(h,)`` for the
plain cell and the GRU, ``(h, c)`` for the LSTM; ``h`` is what the outside sees. Arrays may have axes in
front, written ``…``, for networks that are computed side by side: then each has its own parameters.
Kernels, the order of the gates and the biases are those of ``keras.layers.SimpleRNN, LSTM, GRU``.

Letters: ``x`` input, ``W`` kernel, ``U`` recurrent kernel, ``b`` bias, ``σ`` sigmoid, ``⊙`` cell by cell.

References: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, chapter 10; Hochreiter and
Schmidhuber 1997 (LSTM); Cho et al. 2014 (GRU); Pascanu, Mikolov and Bengio 2013 (vanishing, clipping).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray as Array

from lepton_nb.numpy_layers.layers import sigmoid
from lepton_nb.numpy_layers.network import glorot

State = tuple[Array, ...]


def _affine_backward(gradient: Array, x: Array, kernel: Array) -> tuple[Array, Array, Array]:
    """Gradients of ``x W + b`` by x, W and b; axes in front stay."""
    return gradient @ kernel.mT, x.mT @ gradient, gradient.sum(axis=-2)


# Plain cell -----------------------------------------------------------------------------------------


def rnn_cell(x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array) -> State:
    """Plain recurrent cell ``h′ = tanh(x W + h U + b)``, as ``keras.layers.SimpleRNN``.

    x: (…, batch, inputs); h: (…, batch, units); W: (…, inputs, units); U: (…, units, units); b: (…, units).
    """
    (h,) = state
    return (np.tanh(x @ kernel + h @ recurrent_kernel + bias[..., None, :]),)


def rnn_cell_backward(gradients: State, x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array):
    """Gradients of :func:`rnn_cell` by x, the state before, and the parameters.

    With ``g = dL/dh′`` and ``δ = g ⊙ (1 − h′²)``: ``dL/dx = δ Wᵀ``, ``dL/dh = δ Uᵀ``, ``dL/dW = xᵀ δ``,
    ``dL/dU = hᵀ δ``, ``dL/db = Σ_b δ``.
    """
    (h,), (gradient,) = state, gradients
    (new,) = rnn_cell(x, state, kernel, recurrent_kernel, bias)
    delta = gradient * (1 - new**2)
    by_x, by_kernel, by_bias = _affine_backward(delta, x, kernel)
    by_h, by_recurrent, _ = _affine_backward(delta, h, recurrent_kernel)
    return by_x, (by_h,), (by_kernel, by_recurrent, by_bias)


# LSTM -----------------------------------------------------------------------------------------------


def _lstm_gates(x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array) -> list[Array]:
    sums = x @ kernel + state[0] @ recurrent_kernel + bias[..., None, :]
    i, f, candidate, o = np.split(sums, 4, axis=-1)
    return [sigmoid(i), sigmoid(f), np.tanh(candidate), sigmoid(o)]


def lstm_cell(x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array) -> State:
    """Long short-term memory, as ``keras.layers.LSTM``.

    ``i, f, o = σ(x W + h U + b)``; ``c̃ = tanh(x W + h U + b)``; ``c′ = f ⊙ c + i ⊙ c̃``; ``h′ = o ⊙ tanh(c′)``.

    W: (…, inputs, 4 units), U: (…, units, 4 units), b: (…, 4 units): columns for i, f, c̃, o in this order.
    Hochreiter and Schmidhuber 1997; the forget gate f is of Gers, Schmidhuber and Cummins 2000.
    """
    i, f, candidate, o = _lstm_gates(x, state, kernel, recurrent_kernel, bias)
    c = f * state[1] + i * candidate
    return o * np.tanh(c), c


def lstm_cell_backward(gradients: State, x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array):
    """Gradients of :func:`lstm_cell` by x, the state before, and the parameters.

    All that comes back to ``c′`` is ``e = dL/dc′ + dL/dh′ ⊙ o ⊙ (1 − tanh² c′)``; the cell before gets
    ``dL/dc = e ⊙ f``: a product with the gate alone, without a matrix.
    """
    by_h, by_c = gradients
    h, c = state
    i, f, candidate, o = _lstm_gates(x, state, kernel, recurrent_kernel, bias)
    squashed = np.tanh(f * c + i * candidate)
    by_c = by_c + by_h * o * (1 - squashed**2)
    delta = np.concatenate(
        [
            by_c * candidate * i * (1 - i),
            by_c * c * f * (1 - f),
            by_c * i * (1 - candidate**2),
            by_h * squashed * o * (1 - o),
        ],
        axis=-1,
    )
    by_x, by_kernel, by_bias = _affine_backward(delta, x, kernel)
    by_h, by_recurrent, _ = _affine_backward(delta, h, recurrent_kernel)
    return by_x, (by_h, by_c * f), (by_kernel, by_recurrent, by_bias)


# GRU ------------------------------------------------------------------------------------------------


def _gru_parts(x: Array, h: Array, kernel: Array, recurrent_kernel: Array, bias: Array):
    """Gates z and r, the candidate, and what r is multiplied with."""
    units = h.shape[-1]
    reset_after = bias.ndim == kernel.ndim
    sums = x @ kernel + (bias[..., 0, None, :] if reset_after else bias[..., None, :])
    gates = h @ recurrent_kernel[..., : 2 * units]
    if reset_after:
        gates = gates + bias[..., 1, None, : 2 * units]
    z, r = np.split(sigmoid(sums[..., : 2 * units] + gates), 2, axis=-1)
    last = recurrent_kernel[..., 2 * units :]
    if reset_after:
        inner = h @ last + bias[..., 1, None, 2 * units :]
        candidate = np.tanh(sums[..., 2 * units :] + r * inner)
    else:
        inner = h
        candidate = np.tanh(sums[..., 2 * units :] + (r * h) @ last)
    return z, r, candidate, inner


def gru_cell(x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array) -> State:
    """Gated recurrent unit, as ``keras.layers.GRU``, in both of its forms.

    ``z, r = σ(x W + h U + b)``; ``h′ = z ⊙ h + (1 − z) ⊙ h̃`` with the candidate

    - ``h̃ = tanh(x W + b₀ + r ⊙ (h U + b₁))`` for a bias of (…, 2, 3 units): ``reset_after=True``, Keras' default;
    - ``h̃ = tanh(x W + b + (r ⊙ h) U)`` for a bias of (…, 3 units): ``reset_after=False``, as published.

    W: (…, inputs, 3 units), U: (…, units, 3 units): columns for z, r, h̃ in this order. Cho et al. 2014
    (who write z for what is kept, as Keras does).
    """
    (h,) = state
    z, _, candidate, _ = _gru_parts(x, h, kernel, recurrent_kernel, bias)
    return (z * h + (1 - z) * candidate,)


def gru_cell_backward(gradients: State, x: Array, state: State, kernel: Array, recurrent_kernel: Array, bias: Array):
    """Gradients of :func:`gru_cell` by x, the state before, and the parameters.

    With ``g = dL/dh′``: ``dL/dz = g ⊙ (h − h̃)``, ``dL/dh̃ = g ⊙ (1 − z)``, and ``g ⊙ z`` goes straight to h.
    """
    (h,), (gradient,) = state, gradients
    units = h.shape[-1]
    z, r, candidate, inner = _gru_parts(x, h, kernel, recurrent_kernel, bias)
    last = recurrent_kernel[..., 2 * units :]
    delta_z = gradient * (h - candidate) * z * (1 - z)
    delta = gradient * (1 - z) * (1 - candidate**2)  # by the sum inside the candidate's tanh
    if bias.ndim == kernel.ndim:
        through = delta * r  # by h U + b₁ of the candidate
        delta_r = delta * inner * r * (1 - r)
        by_sums = np.concatenate([delta_z, delta_r, delta], axis=-1)
        by_recurrent_sums = np.concatenate([delta_z, delta_r, through], axis=-1)
        by_h, by_recurrent, by_second_bias = _affine_backward(by_recurrent_sums, h, recurrent_kernel)
        by_x, by_kernel, by_first_bias = _affine_backward(by_sums, x, kernel)
        by_bias = np.stack([by_first_bias, by_second_bias], axis=-2)
    else:
        by_reset, by_last, _ = _affine_backward(delta, r * h, last)
        delta_r = by_reset * h * r * (1 - r)
        gates = np.concatenate([delta_z, delta_r], axis=-1)
        by_h, by_gates, _ = _affine_backward(gates, h, recurrent_kernel[..., : 2 * units])
        by_h = by_h + by_reset * r
        by_recurrent = np.concatenate([by_gates, by_last], axis=-1)
        by_x, by_kernel, by_bias = _affine_backward(np.concatenate([gates, delta], axis=-1), x, kernel)
    return by_x, (by_h + gradient * z,), (by_kernel, by_recurrent, by_bias)


# Through time ---------------------------------------------------------------------------------------

#: Cells by name, with their backward partners and the number of sums that each unit needs.
CELLS: dict[str, tuple[Callable, Callable, int]] = {
    "rnn": (rnn_cell, rnn_cell_backward, 1),
    "lstm": (lstm_cell, lstm_cell_backward, 4),
    "gru": (gru_cell, gru_cell_backward, 3),
}


def _cell(name: str) -> tuple[Callable, Callable, int]:
    if name not in CELLS:
        raise ValueError(f"A cell is one of {', '.join(CELLS)}. Received: cell={name!r}")
    return CELLS[name]


def start_state(cell: str, x: Array, units: int) -> State:
    """Zeros in the shape of the state before the first step. x: (…, batch, time, inputs)."""
    _cell(cell)
    return tuple(np.zeros((*x.shape[:-2], units), x.dtype) for _ in range(2 if cell == "lstm" else 1))


def unroll(cell: str, x: Array, parameters: Sequence[Array], state: State | None = None) -> list[State]:
    """One cell, used again at every step: all states, the start first.

    x: (…, batch, time, inputs). The list has time + 1 states; ``state`` is the start, zeros unless given.

    >>> ones = [np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)]
    >>> [round(float(h[0, 0]), 3) for (h,) in unroll("rnn", np.array([[[1.0], [0.0]]]), ones)]
    [0.0, 0.762, 0.642]
    """
    forward, _, sums = _cell(cell)
    kernel, recurrent_kernel, _ = parameters
    units = recurrent_kernel.shape[-2]
    if x.ndim < 3 or kernel.shape[-2:] != (x.shape[-1], sums * units) or recurrent_kernel.shape[-1] != sums * units:
        raise ValueError(
            f"{cell} needs x (…, batch, time, inputs), kernel (…, inputs, {sums} units), recurrent kernel "
            f"(…, units, {sums} units). Received: x={x.shape}, kernel={kernel.shape}, recurrent={recurrent_kernel.shape}"
        )
    states = [start_state(cell, x, units) if state is None else state]
    for t in range(x.shape[-2]):
        states.append(forward(x[..., t, :], states[-1], *parameters))
    return states


def unroll_backward(
    gradient: Array, cell: str, x: Array, parameters: Sequence[Array], states: Sequence[State]
) -> tuple[Array, list[State], list[Array]]:
    """Back-propagation through time: gradients by x, by each state, and by the parameters.

    gradient: ``∂L/∂h_t`` where the loss looks at h_t itself, (…, batch, time, units); zeros where it does not.
    states: what :func:`unroll` gave. From the last step to the first, each state gets what the loss asks of
    it plus what the step after hands back; the parameters, used at every step, get the sum over all steps.

    The states' gradients come as a list in the order of ``states``. Goodfellow et al. 2016, section 10.2.2;
    Werbos 1990.
    """
    backward = _cell(cell)[1]
    by_x, by_parameters = np.zeros_like(x), [np.zeros_like(parameter) for parameter in parameters]
    flow = tuple(np.zeros_like(part) for part in states[-1])
    by_states = [flow] * len(states)
    for t in reversed(range(x.shape[-2])):
        flow = (flow[0] + gradient[..., t, :], *flow[1:])
        by_states[t + 1] = flow
        by_x[..., t, :], flow, parts = backward(flow, x[..., t, :], states[t], *parameters)
        for total, part in zip(by_parameters, parts, strict=True):
            total += part
    by_states[0] = flow
    return by_x, by_states, by_parameters


def recurrent_parameters(
    cell: str, inputs: int, units: int, generator: np.random.Generator, gate_bias: float | None = None, dtype=np.float64
) -> list[Array]:
    """Kernel, recurrent kernel and bias as Keras starts them.

    Kernel: Glorot's uniform rule. Recurrent kernel: rows orthonormal (Saxe, McClelland and Ganguli 2014).
    Bias: zero, but ``gate_bias`` on the gate that keeps the memory: f of the LSTM (1 unless given, as in Keras;
    Jozefowicz, Zaremba and Sutskever 2015), z of the GRU (0 unless given).
    """
    sums = _cell(cell)[2]
    kernel = glorot((inputs, sums * units), generator, dtype)
    q, r = np.linalg.qr(generator.normal(size=(sums * units, units)))
    recurrent_kernel = (q * np.sign(np.diag(r))).T.astype(dtype)  # (units, sums · units)
    bias = np.zeros((2, 3 * units) if cell == "gru" else sums * units, dtype)
    if cell == "lstm":
        bias[units : 2 * units] = 1 if gate_bias is None else gate_bias
    if cell == "gru" and gate_bias is not None:
        bias[0, :units] = gate_bias
    return [kernel, recurrent_kernel, bias]


# Clipping -------------------------------------------------------------------------------------------


def global_norm(gradients: Sequence[Array], axes_in_front: int = 0) -> Array:
    """Length of all gradients as one long vector: ``√ Σ g²``.

    With ``axes_in_front`` one length for each network that is computed side by side, in the shape of those axes.

    >>> float(global_norm([np.array([3.0]), np.array([[4.0]])]))
    5.0
    """
    inner = [tuple(range(axes_in_front, gradient.ndim)) for gradient in gradients]
    squares = [np.square(g, dtype=np.float64).sum(axis=axes) for g, axes in zip(gradients, inner, strict=True)]
    return np.sqrt(sum(squares))


def clip_by_norm(gradients: Sequence[Array], limit: float, axes_in_front: int = 0) -> list[Array]:
    """The same direction, at most this long: ``g · min(1, limit / |g|)``, as ``global_clipnorm`` of Keras.

    Networks side by side (``axes_in_front``) are clipped each by its own length. Pascanu, Mikolov and Bengio
    2013, algorithm 1.

    >>> clip_by_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]
    """
    if not limit > 0:
        raise ValueError(f"The limit is a positive length. Received: limit={limit}")
    factor = 1 / np.maximum(global_norm(gradients, axes_in_front) / limit, 1)
    return [g * factor.reshape(*factor.shape, *[1] * (g.ndim - axes_in_front)).astype(g.dtype) for g in gradients]
