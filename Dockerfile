# The project with its locked environment: `docker build --tag harmonization .`, about 7 GB, most of it torch's CUDA libraries.
# The digest says which files these are; a newer one: `docker buildx imagetools inspect python:3.11-slim-bookworm`, and its Digest here.
FROM python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

# OpenCV needs libGL and glib; DVC and the provenance of results need git.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

# Whoever runs the pipeline needs no rights but those over its folder. A number that a cluster can ask for (runAsUser: 1000).
RUN useradd --uid 1000 --create-home harmonization
WORKDIR /harmonization

# Alone, so that a change of code does not install the environment anew.
COPY requirements.lock requirements-uv.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements-uv.lock \
    && uv pip install --system --no-cache --require-hashes --compile-bytecode --requirement requirements.lock

COPY --chown=harmonization:harmonization . .
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable .

# The folder itself, and those that a volume may take the place of: a new volume belongs to whom the folder under it belongs to.
RUN mkdir -p .dvc/cache .work && chown harmonization:harmonization . .dvc .dvc/cache .work
USER harmonization

# As the Makefile has it: allocating anew is dear on small machines.
ENV MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000

CMD ["python", "-m", "pipeline", "run"]
