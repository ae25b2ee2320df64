"""From samples of any generator to a verdict: has it collapsed, and which modes are gone?"""

from jaxgan.data.files import Samples as Samples
from jaxgan.data.files import read_samples as read_samples
from jaxgan.diagnosis.diagnose import Diagnosis as Diagnosis
from jaxgan.diagnosis.diagnose import diagnose as diagnose
from jaxgan.diagnosis.examination import Conditions as Conditions
from jaxgan.diagnosis.reading import read_generated as read_generated
from jaxgan.diagnosis.runs import judge_run as judge_run
