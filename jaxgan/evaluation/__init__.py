"""What is measured for each task. This package compiles, trains the classifier it needs and keeps it in a cache."""

from jaxgan.evaluation.catalogue import METRICS as METRICS
from jaxgan.evaluation.catalogue import Metric as Metric
from jaxgan.evaluation.classifier import Classifier as Classifier
from jaxgan.evaluation.classifier import cache_folder as cache_folder
from jaxgan.evaluation.classifier import train_classifier as train_classifier
from jaxgan.evaluation.modes import CountedModes as CountedModes
from jaxgan.evaluation.modes import counted_modes as counted_modes
from jaxgan.evaluation.monitored_modes import MonitoredModes as MonitoredModes
from jaxgan.evaluation.monitored_modes import monitored_modes as monitored_modes
from jaxgan.evaluation.sides import Side as Side
from jaxgan.evaluation.tasks import Evaluation as Evaluation
from jaxgan.evaluation.tasks import evaluator as evaluator
