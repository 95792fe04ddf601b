"""Adapters that make a loss available in other libraries.

Each module is named after a library and converts a loss to the form that this library expects:

- `lossbook.interop.xgboost`, `lossbook.interop.lightgbm` and `lossbook.interop.catboost`: the
  objective and the metric of a boosted model;
- `lossbook.interop.scipy`: functions for `scipy.optimize.minimize` and
  `scipy.optimize.least_squares`;
- `lossbook.interop.sklearn`: linear models and a scorer;
- `lossbook.interop.torch` and `lossbook.interop.jax`: functions of tensors and arrays, on any
  device, with the loss's own derivatives;
- `lossbook.interop.keras`: losses for ``model.compile``;
- `lossbook.interop.dask`: value, gradient and second derivative of Dask arrays.

The modules for scikit-learn, PyTorch, JAX and Keras define classes that derive from classes of the
library, so the library is needed to import them.  The other modules can be imported without their
library.  If a library is missing, an `ImportError` states what to install.
"""
