"""One loss in the libraries where it is needed.

Each module here is named after a library and turns a loss into what that library expects:

- `lossbook.interop.xgboost`, `lossbook.interop.lightgbm` and `lossbook.interop.catboost`: the
  objective and the metric of a boosted model;
- `lossbook.interop.scipy`: functions for `scipy.optimize.minimize` and
  `scipy.optimize.least_squares`;
- `lossbook.interop.sklearn`: linear models and a scorer;
- `lossbook.interop.dask`: value, gradient and second derivative of Dask arrays.

Importing a module does not need its library, except that `lossbook.interop.sklearn` defines
estimators.  Where a library is missing, an `ImportError` says what to install.
"""
