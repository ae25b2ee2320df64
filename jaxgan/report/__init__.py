"""Figures and one self-contained page, made from the files that a run leaves behind.

Nothing here computes a metric or needs the run's code, so the report of any run can be made again. Files are written
under a temporary name and then renamed; the same input gives the same bytes.
"""

from jaxgan.report.diagnosis import write_diagnosis as write_diagnosis
from jaxgan.report.page import write_comparison as write_comparison
from jaxgan.report.page import write_run as write_run
from jaxgan.report.picture import picture_of_samples as picture_of_samples
from jaxgan.report.sweep import is_sweep as is_sweep
from jaxgan.report.sweep import write_sweep as write_sweep
from jaxgan.report.words import comparison_table as comparison_table
from jaxgan.report.words import comparison_verdict as comparison_verdict
from jaxgan.report.words import verdict as verdict
