# The bot's image: `docker build -t evenkeel .`, then `docker run evenkeel web`. One image for every role: web, worker,
# migrate, sentinel. About 230 MB: Debian slim, the Node binary alone (no npm, no headers), the app and what it needs.
# For another processor: `docker build --platform linux/arm64 .`
# Nothing here needs BuildKit or a frontend that is fetched: the classic builder makes the same image.

FROM node:24-bookworm-slim AS build
WORKDIR /srv
COPY package.json package-lock.json .npmrc ./
# Nothing of the app's own dependencies has to be built or fetched by a script. Types and source maps are for editors:
# a tenth of the image. Empty folders are what npm leaves of the packages that it omits.
RUN npm ci --omit=dev --ignore-scripts \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
  && find node_modules -type d -empty -delete
# Certificate authorities of Amazon RDS (AWS, "Using SSL/TLS to encrypt a connection to a DB instance"): the app verifies
# the database's name against them, sslmode=verify-full. AWS renews this file well before an authority expires.
# Where that address cannot be reached: `--build-arg RDS_CA=https://mirror.example.com/global-bundle.pem`.
ARG RDS_CA=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
ADD ${RDS_CA} rds/global-bundle.pem
# What ADD fetches only root may read; and a page that says "sign in first" must not become the trust store.
RUN chmod 644 rds/global-bundle.pem && grep -q 'BEGIN CERTIFICATE' rds/global-bundle.pem

FROM debian:bookworm-slim
# Nobody in here becomes somebody else: the programs that could (su, mount, passwd) lose the right to.
RUN groupadd --gid 1000 node \
  && useradd --uid 1000 --gid node --no-create-home --shell /usr/sbin/nologin node \
  && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /srv/rds/global-bundle.pem /etc/ssl/rds/global-bundle.pem
WORKDIR /srv
COPY --from=build /srv/node_modules node_modules
COPY package.json ./
COPY posture posture
COPY contract contract
COPY sentinel sentinel
COPY app app
# Whatever umask the checkout had: root's to change, everybody's to read.
RUN chmod -R u=rwX,go=rX package.json posture contract sentinel app
ENV NODE_ENV=production
# The root file system is read-only where it runs. What is written goes here, and is gone with the task. Fargate gives
# the folder to root alone unless it is declared here.
VOLUME ["/tmp"]
USER 1000:1000
EXPOSE 8080
# Node itself is process 1: it gets SIGTERM and drains. No shell stands between.
ENTRYPOINT ["node", "app/main.ts"]
