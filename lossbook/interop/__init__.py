"""One loss in the libraries where it is needed.

Each module here is named after a library and turns a loss into what that library expects:

- `lossbook.interop.xgboost`, `lossbook.interop.lightgbm` and `lossbook.interop.catboost`: the
  objective and the metric of a boosted model;
- `lossbook.interop.scipy`: functions for `scipy.optimize.minimize` and
  `scipy.optimize.least_squares`;
- `lossbook.interop.sklearn`: linear models and a scorer;
- `lossbook.interop.torch` and `lossbook.interop.jax`: functions of tensors and arrays, on any
  device, with the loss's own derivatives;
- `lossbook.interop.keras`: losses for ``model.compile``;
- `lossbook.interop.dask`: value, gradient and second derivative of Dask arrays.

Importing a module does not need its library, except for those of scikit-learn, PyTorch, JAX and
Keras, which define classes that derive from it.  Where a library is missing, an `ImportError` says
what to install.
"""
