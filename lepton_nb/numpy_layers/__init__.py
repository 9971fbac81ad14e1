"""The mathematics of networks in NumPy, forward and backward, as the chapters derive it.

Every forward function ``f(x, …)`` has a partner ``f_backward(gradient, x, …)``. ``gradient`` is the
derivative of the loss by the output of ``f`` and has its shape; what comes back is the derivative by
each input of ``f``. This is the chain rule, one link at a time. All functions are pure and keep the
dtype they are given. Images are ``(batch, height, width, channels)``, sequences ``(batch, time,
features)``, as in Keras.

- :mod:`~lepton_nb.numpy_layers.layers`: affine layer, convolution, pooling, activations
- :mod:`~lepton_nb.numpy_layers.losses`: losses
- :mod:`~lepton_nb.numpy_layers.network`: optimisers, layers in a row that train
- :mod:`~lepton_nb.numpy_layers.recurrent`: RNN, LSTM, GRU, back-propagation through time
- :mod:`~lepton_nb.numpy_layers.attention`: attention as a weighted sum
- :mod:`~lepton_nb.numpy_layers.adversarial`: a discriminator's slope, and the gradient of a penalty on it
- :mod:`~lepton_nb.numpy_layers.checks`: numerical gradients

Letters in the equations: ``r`` case of the batch, ``b`` bias, ``i j`` place in the output, ``u v`` in the window,
``c`` input channel, ``f`` filter, ``s`` stride, ``k`` window size, ``n`` image size, ``t`` time.

References: Goodfellow, Bengio and Courville, *Deep Learning*, MIT Press 2016, chapters 6, 9 and 10;
Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285.
"""

from lepton_nb.numpy_layers.adversarial import perceptron, perceptron_backward, slope, slope_backward
from lepton_nb.numpy_layers.attention import attention, attention_backward, attention_weights
from lepton_nb.numpy_layers.checks import gradient_error, numerical_gradient, relative_difference
from lepton_nb.numpy_layers.layers import (
    FUNCTIONS,
    average_pool2d,
    average_pool2d_backward,
    conv2d,
    conv2d_backward,
    dense,
    dense_backward,
    flatten,
    flatten_backward,
    leaky_relu,
    leaky_relu_backward,
    max_pool2d,
    max_pool2d_backward,
    output_size,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from lepton_nb.numpy_layers.losses import (
    EPSILON,
    LOSSES,
    binary_cross_entropy,
    binary_cross_entropy_backward,
    categorical_cross_entropy,
    categorical_cross_entropy_backward,
    mean_squared_error,
    mean_squared_error_backward,
    one_hot,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from lepton_nb.numpy_layers.network import SGD, Adam, Conv2D, Dense, Function, Sequential
from lepton_nb.numpy_layers.recurrent import (
    CELLS,
    clip_by_norm,
    global_norm,
    gru_cell,
    gru_cell_backward,
    lstm_cell,
    lstm_cell_backward,
    recurrent_parameters,
    rnn_cell,
    rnn_cell_backward,
    start_state,
    unroll,
    unroll_backward,
)

__all__ = [
    "CELLS",
    "EPSILON",
    "FUNCTIONS",
    "LOSSES",
    "SGD",
    "Adam",
    "Conv2D",
    "Dense",
    "Function",
    "Sequential",
    "attention",
    "attention_backward",
    "attention_weights",
    "average_pool2d",
    "average_pool2d_backward",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "categorical_cross_entropy",
    "categorical_cross_entropy_backward",
    "clip_by_norm",
    "conv2d",
    "conv2d_backward",
    "dense",
    "dense_backward",
    "flatten",
    "flatten_backward",
    "global_norm",
    "gradient_error",
    "gru_cell",
    "gru_cell_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "lstm_cell",
    "lstm_cell_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "mean_squared_error",
    "mean_squared_error_backward",
    "numerical_gradient",
    "one_hot",
    "output_size",
    "perceptron",
    "perceptron_backward",
    "recurrent_parameters",
    "relative_difference",
    "relu",
    "relu_backward",
    "rnn_cell",
    "rnn_cell_backward",
    "sigmoid",
    "sigmoid_backward",
    "slope",
    "slope_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "start_state",
    "tanh",
    "tanh_backward",
    "unroll",
    "unroll_backward",
]
