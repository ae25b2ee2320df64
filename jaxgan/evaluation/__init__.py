"""What is measured for each task. This package compiles, trains the classifier it needs and keeps it in a cache."""

from jaxgan.evaluation.classifier import Classifier as Classifier
from jaxgan.evaluation.classifier import cache_folder as cache_folder
from jaxgan.evaluation.classifier import train_classifier as train_classifier
from jaxgan.evaluation.tasks import Evaluation as Evaluation
from jaxgan.evaluation.tasks import evaluator as evaluator
from jaxgan.evaluation.watched import Watched as Watched
from jaxgan.evaluation.watched import watched as watched
