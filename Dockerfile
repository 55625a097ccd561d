# The exporter alone: no compiler, no tests, no root. The driver's library comes from the container runtime.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/gpuvitals \
    && /opt/gpuvitals/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/gpuvitals/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/gpuvitals/bin/pip uninstall -y hatchling editables packaging pathspec pluggy tomlkit trove-classifiers \
    && /opt/gpuvitals/bin/pip check && /opt/gpuvitals/bin/pip uninstall -y pip

FROM python:3.12-slim-bookworm
COPY --from=build /opt/gpuvitals /opt/gpuvitals
# Debian's nobody and nogroup, as numbers, so that Kubernetes can see that it is not root.
RUN install -d -o 65534 -g 65534 /var/lib/gpuvitals
USER 65534:65534
ENV PYTHONUNBUFFERED=1 NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=utility
EXPOSE 9400
VOLUME /var/lib/gpuvitals
ENTRYPOINT ["/opt/gpuvitals/bin/gpuvitals"]
CMD ["serve"]
