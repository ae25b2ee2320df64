"""From samples of any generator to a verdict: has it collapsed, and which modes are gone?"""

from jaxgan.diagnosis.diagnose import Diagnosis as Diagnosis
from jaxgan.diagnosis.diagnose import diagnose as diagnose
from jaxgan.diagnosis.inputs import Samples as Samples
from jaxgan.diagnosis.inputs import read_samples as read_samples
from jaxgan.diagnosis.runs import judge_run as judge_run
