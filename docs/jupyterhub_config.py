"""
JupyterHub's settings for a class; docs/hosting.md says where the figures come from.

This file holds only what the course needs. How learners log in (``authenticator_class``), TLS and
the proxy are your hub's own affair.
"""

c = get_config()  # noqa: F821 - JupyterHub brings it

# An image that repo2docker built from this repository. JupyterHub's major version has to be that
# of the jupyterhub-singleuser in the image: docs/hosting.md shows both commands.
c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image = "wslab"
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
c.DockerSpawner.remove = True  # the container; the learner's work is in the volume
# A new volume begins with what the image has there. It outlives the image, so notebooks of a later
# release are seen by those only whose volume was removed.
c.DockerSpawner.notebook_dir = "/home/jovyan"
c.DockerSpawner.volumes = {"wslab-{username}": "/home/jovyan"}

c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.mem_limit = "1G"
c.Spawner.mem_guarantee = "300M"
c.Spawner.cpu_limit = 1
c.Spawner.cpu_guarantee = 0.1

# A kernel that did nothing for half an hour is ended, also if its tab is still open: a server that
# a cell has started does not keep it. Later its server is ended, too.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=120",
    "--MappingKernelManager.cull_connected=True",
    "--ServerApp.shutdown_no_activity_timeout=3600",
]
# Thirty logins in the first minute: a few at a time are sooner done than all at once.
c.JupyterHub.concurrent_spawn_limit = 10
