# Two images of one checkout, each from its own lock: `product` for Airflow and the pipeline, `localcloud` for the
# stand-in for AWS. docker-compose.yml builds both.
FROM python:3.11.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_SYSTEM_PYTHON=1
RUN useradd --uid 10001 --create-home landfall \
    && install --directory --owner landfall /var/lib/landfall /var/lib/landfall/logs
WORKDIR /opt/landfall
COPY requirements-tools.lock ./
RUN pip install --require-hashes -r requirements-tools.lock

FROM base AS product
COPY requirements.lock ./
RUN uv pip install --require-hashes -r requirements.lock
COPY . .
RUN uv pip install --no-deps --no-build-isolation --editable .
USER landfall

FROM base AS localcloud
COPY localcloud/requirements.lock localcloud/
RUN uv pip install --require-hashes -r localcloud/requirements.lock
COPY localcloud localcloud
RUN uv pip install --no-deps --no-build-isolation --editable localcloud
USER landfall
