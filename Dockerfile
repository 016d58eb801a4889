# SPDX-License-Identifier: MIT
# The package, built in one stage and installed in the other: no compiler, no
# source and no root there. docker-compose.yml says how it is run.
FROM debian:bookworm-slim AS build
WORKDIR /src/leadpipe
COPY debian/control debian/control
RUN apt-get update && \
    apt-get build-dep -y --no-install-recommends ./
COPY . .
RUN dpkg-buildpackage -us -uc -b && \
    sed -f docker/crontab.sed crontab.example >/src/crontab

FROM debian:bookworm-slim
# A number that stays: what is in the volume belongs to it.
RUN groupadd --system --gid 10001 leadpipe && \
    useradd --system --uid 10001 --gid leadpipe --no-create-home \
        --home-dir /var/lib/leadpipe --shell /usr/sbin/nologin leadpipe
RUN --mount=type=bind,from=build,source=/src,target=/src \
    apt-get update && \
    apt-get install -y --no-install-recommends systemd-standalone-sysusers \
        systemd-standalone-tmpfiles /src/leadpipe_*.deb && \
    rm -rf /var/lib/apt/lists/* && \
    install -m 755 /src/leadpipe/docker/run-crontab /usr/bin && \
    install -m 644 -D /src/crontab /usr/share/leadpipe/crontab
ENV DATABASE_PATH=/var/lib/leadpipe/leadpipe.db
USER leadpipe
WORKDIR /var/lib/leadpipe
VOLUME /var/lib/leadpipe
# A warning is no reason to call it ill, and Docker knows no other numbers.
HEALTHCHECK --interval=60s --timeout=15s --start-period=90s --retries=2 \
    CMD leadpipe healthcheck || [ $? -eq 1 ]
CMD ["run-crontab", "/usr/share/leadpipe/crontab"]
