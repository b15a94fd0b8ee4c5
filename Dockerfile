# The project with its locked environment: `docker build --tag harmonization .`, about 7 GB, most of it torch's CUDA libraries.
FROM python:3.11-slim

# OpenCV needs libGL and glib; DVC and the provenance of results need git.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /harmonization

# Alone, so that a change of code does not install the environment anew.
COPY requirements.lock ./
RUN pip install --no-cache-dir uv==0.13.8 \
    && uv pip install --system --no-cache --require-hashes --compile-bytecode --requirement requirements.lock

COPY . .
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable .

# As the Makefile has it: allocating anew is dear on small machines.
ENV MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000

CMD ["python", "-m", "pipeline", "run"]
