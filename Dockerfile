# syntax=docker/dockerfile:1
#
# The bot's image: `docker build -t evenkeel .`, then `docker run evenkeel web`. One image, three roles: web, worker, migrate.
# About 225 MB: Debian slim, the Node binary alone (no npm, no headers), the app and what it needs.
# For another processor: `docker build --platform linux/arm64 .`

FROM node:24-bookworm-slim AS build
WORKDIR /srv
COPY package.json package-lock.json .npmrc ./
# Nothing of the app's own dependencies has to be built or fetched by a script.
RUN npm ci --omit=dev --ignore-scripts
# Certificate authorities of Amazon RDS (AWS, "Using SSL/TLS to encrypt a connection to a DB instance"): the app verifies
# the database's name against them, sslmode=verify-full. AWS renews this file well before an authority expires.
ADD --chmod=644 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /srv/rds/global-bundle.pem

FROM debian:bookworm-slim
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --no-create-home --shell /usr/sbin/nologin node
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /srv/rds/global-bundle.pem /etc/ssl/rds/global-bundle.pem
WORKDIR /srv
COPY --from=build /srv/node_modules node_modules
COPY package.json ./
COPY posture posture
COPY app app
ENV NODE_ENV=production
# The root file system is read-only where it runs. What is written goes here, and is gone with the task.
VOLUME ["/tmp"]
USER 1000:1000
EXPOSE 8080
# Node itself is process 1: it gets SIGTERM and drains. No shell stands between.
ENTRYPOINT ["node", "app/main.ts"]
