"""Balance between the players, and between the halves of their losses."""

from jaxgan.techniques.balance.adaptive_weights import adaptive_weights as adaptive_weights
from jaxgan.techniques.balance.balance import balance as balance
from jaxgan.techniques.balance.class_weights import class_weights as class_weights
from jaxgan.techniques.balance.gap_aware_rate import gap_aware_rate as gap_aware_rate
from jaxgan.techniques.balance.proportional_control import proportional_control as proportional_control
from jaxgan.techniques.balance.top_k import top_k as top_k
