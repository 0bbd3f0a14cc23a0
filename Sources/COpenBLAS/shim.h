#pragma once
#include <cblas.h>

// LAPACK's singular value decomposition, which OpenBLAS holds; `cblas.h` does not declare it. Numbers
// are passed by address and matrices are column-major, as in Fortran. The length of the text is a hidden
// last argument.
void dgesdd_(
    const char *job, const blasint *rows, const blasint *columns, double *matrix,
    const blasint *matrix_stride, double *values, double *left, const blasint *left_stride,
    double *right, const blasint *right_stride, double *work, const blasint *work_size,
    blasint *integer_work, blasint *status, unsigned long job_length);
