"""The settings that `compare_techniques.py` tries for each technique; what is compared is in `compare_protocol.py`.

A technique has as many settings as it has ways to be set that matter: of 81, 14 have three, 44 two and 23 one. Not
among them are techniques that need labels, which no network of the four tasks is given; what acts after training
(rejection, Metropolis-Hastings, latent descent, mixtures, AdaGAN) or continues one (anchors, frozen layers); losses and
networks beside those of the four tasks (Wasserstein with clipping, D2GAN, RealnessGAN, Fourier features, virtual batch
norm, minibatch standard deviation); and MGAN on images.
"""

from typing import Any

from compare_protocol import PLAIN, TASKS, Change


def candidates(task: str) -> dict[str, list[Change]]:
    """The settings that are tried for each technique on a task, up to three, most in steps of about ten."""
    setting = TASKS[task]
    v, s = setting.variance, setting.variance**0.5
    images = task in ("stacked", "rare")
    steps = setting.training.steps
    found: dict[str, list[Change]] = {"plain": [PLAIN]}

    def technique(name: str, *texts: str, **training: Any) -> None:
        found[name] = [Change({"technique": tuple(text.split()), **training}) for text in texts]

    def loss(name: str, *texts: str, **architecture: Any) -> None:
        found[name] = [Change({"loss": text}, architecture) for text in texts]

    # Losses
    loss("minimax", "minimax")
    loss("least_squares", "least_squares")
    loss("hinge", "hinge")
    loss("relativistic", "relativistic")
    loss("relativistic_average", "relativistic_average", "relativistic_average:least_squares")
    loss("f_divergence", "f_divergence:kl", "f_divergence:hellinger", "f_divergence:pearson")
    loss("alpha", "alpha:discriminator=0.5,generator=1.2", "alpha:discriminator=0.5,generator=0.5")
    loss("smoothed", "smoothed:non_saturating,real=0.9", "smoothed:non_saturating,real=0.8")
    loss("flipped", "flipped:non_saturating,probability=0.05", "flipped:non_saturating,probability=0.1")
    # Balance
    technique("top_k", f"top_k:0.5,steps={steps}", f"top_k:0.75,steps={steps}")
    technique("adaptive_weights", "adaptive_weights")
    technique("balance", "balance:0.7", "balance:0.8")
    technique("gap_aware_rate", "gap_aware_rate", "gap_aware_rate:width=0.5")
    technique("proportional_control", "proportional_control", "proportional_control:1.0")
    found["two_time_scales"] = [
        Change({"discriminator_learning_rate": factor * setting.training.discriminator_learning_rate})
        for factor in (0.5, 2.0, 4.0)
    ]
    # A regular discriminator
    for name in ("r1", "r2"):
        technique(name, *(f"{name}:{w * v:g}" for w in (0.001, 0.01, 0.1)))
    for name in ("gradient_penalty", "lipschitz_penalty", "zero_centred_penalty", "maximum_penalty"):
        technique(name, *(f"{name}:{w * v:g}" for w in (0.01, 0.1, 1.0)))
    technique("dragan", *(f"dragan:{w * v:g}" for w in (0.01, 0.1, 1.0)))
    technique("lecam", "lecam:0.03", "lecam:0.3", "lecam:3.0")
    technique("consistency", "consistency:1.0", "consistency:10.0")
    technique("balanced_consistency", "balanced_consistency:1.0", "balanced_consistency:10.0")
    technique("latent_consistency", "latent_consistency:2.0", "latent_consistency:20.0")
    technique("orthogonal", "orthogonal:0.0001", "orthogonal:0.01")
    found["spectral_norm"] = [Change({}, {"spectral_norm": True})]
    # Noise and augmentation
    technique("instance_noise", *(f"instance_noise:{w * s:g},steps={steps}" for w in (0.03, 0.1, 0.3)))
    technique("latent_noise", f"latent_noise:0.1,steps={steps}", f"latent_noise:0.3,steps={steps}")
    technique("diffusion", "diffusion", "diffusion:show=true")
    technique(
        "differentiable_augmentation",
        *(["differentiable_augmentation:translation"] if images else []),
        *(["differentiable_augmentation:translation+cutout"] if images else ["differentiable_augmentation"]),
    )
    technique(
        "adaptive_augmentation",
        "adaptive_augmentation:translation,images=100000" if images else "adaptive_augmentation:images=100000",
    )
    technique("pseudo_augmentation", "pseudo_augmentation:images=100000")
    # Many samples at once
    found["packing"] = [Change({"pack": m}) for m in (2, 4)]
    # Diversity
    technique("mode_seeking", "mode_seeking:0.01", "mode_seeking:0.1", "mode_seeking:1.0")
    technique("diversity_sensitive", "diversity_sensitive:0.1,bound=2.0", "diversity_sensitive:1.0,bound=2.0")
    technique("pulling_away", "pulling_away:0.1", "pulling_away:1.0")
    technique("feature_matching", "feature_matching:0.1", "feature_matching:1.0")
    technique("covariance_matching", "covariance_matching:0.1", "covariance_matching:1.0", "covariance_matching:10.0")
    technique("spectrum_matching", "spectrum_matching:1.0", "spectrum_matching:10.0")
    technique("kernel_matching", "kernel_matching:1.0", "kernel_matching:10.0")
    technique("information", "information:0.1", "information:1.0")
    technique("imle", "imle:0.1", "imle:1.0")
    technique("infogan", "infogan:8,weight=0.1", "infogan:8,weight=1.0")
    technique("deligan", "deligan:50", "deligan:50,width=16")
    technique("particle_prior", "particle_prior:1000", "particle_prior:1000,width=16")
    technique("learned_noise", "learned_noise:0.001", "learned_noise:0.01")
    if images:
        technique("self_supervised", "self_supervised:1.0")
    # Anticipation
    found["unrolled"] = [Change({"unroll": k}) for k in (1, 5)]
    technique("lookahead_minimax", "lookahead_minimax:5", "lookahead_minimax:50")
    found["extragradient"] = [Change({"dynamics": "extragradient"})]
    found["consensus"] = [Change({"dynamics": f"consensus:{w}"}) for w in (0.01, 0.1)]
    found["optimistic"] = [Change(dict.fromkeys(("generator_optimizer", "discriminator_optimizer"), "optimistic_adam"))]
    technique("logan", "logan:0.1,damping=1.0", "logan")
    found["average"] = [Change({"average": decay}) for decay in (0.99, 0.999)]
    found["negative_momentum"] = [Change({"beta1": -0.5})]
    # Experience
    technique("replay", "replay:4096,share=0.25", "replay:4096,share=0.5", "replay:4096,share=0.5,keep=reservoir")
    technique("old_discriminators", "old_discriminators", "old_discriminators:weight=1.0")
    # Other networks
    width = setting.architecture.discriminator_width

    def network(player: str, options: str = "", out: int = 1) -> str:
        """The task's own network as a text, with further options."""
        if images:
            end = f"out={out}" if player == "discriminator" else "batch_norm=true"
            return f"dcgan_{player}(width={getattr(setting.architecture, player + '_width')},{end}{options})"
        hidden = "+".join([str(getattr(setting.architecture, f"{player}_width"))] * setting.architecture.layers)
        made = f"widths={hidden},activation={setting.architecture.activation}"
        return f"mlp({made},kernel_init={setting.architecture.initialisation},out={out}{options})"

    def discriminator(name: str, *texts: str, **training: Any) -> None:
        found[name] = [Change(training, {"discriminator": text}) for text in texts]

    judge = network("discriminator")
    discriminator("minibatch_discrimination", *(f"minibatch_discrimination:{judge},kernels={n}" for n in (8, 32)))
    discriminator("packed_features", *(f"packed_features:{judge},m={m}" for m in (2, 4)))
    discriminator("gradient_normalised", f"gradient_normalised:{judge}")
    discriminator(
        "hidden_noise", *(network("discriminator", f",noise={std}").replace("(", ":", 1)[:-1] for std in (0.1, 0.3))
    )
    san = f"normalised_linear:{network('discriminator', out=width)}"
    discriminator("san", san, loss="hinge", technique=("san",))
    several = f"several_discriminators:{judge},count=3"
    found["gman"] = [Change({"technique": (text,)}, {"discriminator": several}) for text in ("gman", "gman:1.0")]
    if not images:
        one = network("generator", out=2)
        found["mgan"] = [
            Change({"technique": (f"mgan:8,weight={w}",)}, {"generator": f"several_generators:{one},count=8"})
            for w in (0.01, 0.1)
        ]
    # Encoders
    encoder = network("discriminator", out=setting.architecture.latent_dim)
    technique("ali", f"ali:{encoder}")
    technique("veegan", f"veegan:{encoder}")
    technique("mode_regularised", f"mode_regularised:{encoder}")
    # Pairs that make sense
    both = f"r1:{0.01 * v:g} r2:{0.01 * v:g}"
    weak = f"r1:{0.001 * v:g} r2:{0.001 * v:g}"
    technique("relativistic+r1+r2", both, weak, loss="relativistic")
    technique("relativistic+r1+r2+packing", both, weak, loss="relativistic", pack=2)
    technique("packing+r1", f"r1:{0.01 * v:g}", f"r1:{0.001 * v:g}", pack=2)
    technique(
        "covariance_matching+r1",
        f"covariance_matching:1.0 r1:{0.01 * v:g}",
        f"covariance_matching:1.0 r1:{0.001 * v:g}",
    )
    technique("covariance_matching+packing", "covariance_matching:1.0", pack=2)
    technique("information+r1", f"information:1.0 r1:{0.01 * v:g}", f"information:0.1 r1:{0.01 * v:g}")
    technique("replay+r1", f"replay:4096,share=0.25 r1:{0.01 * v:g}")
    technique("deligan+r1", f"deligan:50 r1:{0.01 * v:g}")
    technique("mode_seeking+packing", "mode_seeking:0.1", pack=2)
    # Added when the single techniques had run on the ring and on stacked digits: the strongest of them together.
    for name in ("covariance_matching", "kernel_matching"):
        technique(f"mode_seeking+{name}", *(f"mode_seeking:1.0 {name}:{w}" for w in (1.0, 10.0)))
    found["unrolled+r1"] = [Change({"unroll": 1, "technique": (f"r1:{0.01 * v:g}",)})]
    return found
