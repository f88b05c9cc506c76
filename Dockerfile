# The bot's image: `docker build -t evenkeel .`, then `docker run evenkeel web`. One image for every role: web, worker,
# migrate, sentinel. About 230 MB: Debian slim, the Node binary alone (no npm, no headers), the app and what it needs.
# Media tasks have the same with a Python and yt-dlp beside it: `docker build --target media -t evenkeel-media .`
# For another processor: `docker build --platform linux/arm64 .`, without emulation: what runs, runs on the builder's own
# processor, and of the other nothing is run, only copied. BuildKit, which is Docker's builder, knows which that is.
#
# The bases are named by digest. A fixed Node or Debian is another digest, and so another image: Dependabot proposes it
# (.github/dependabot.yml), or `docker buildx imagetools inspect node:24-trixie-slim` says what it is today.

FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS node
FROM debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f AS debian
FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS python

# Pure Python, the same for every processor. What is not by the hashes of requirements.txt is not installed.
FROM --platform=$BUILDPLATFORM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS yt-dlp
COPY app/providers/fetching/requirements.txt ./
RUN pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes --requirement requirements.txt

FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS build
WORKDIR /srv
COPY package.json package-lock.json .npmrc ./
# Nothing of the app's own dependencies has to be built or fetched by a script, so they are the same for every processor.
# Types and source maps are for editors: a tenth of the image. Empty folders are what npm leaves of what it omits.
RUN npm ci --omit=dev --ignore-scripts \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
  && find node_modules -type d -empty -delete
# Certificate authorities of Amazon RDS (AWS, "Using SSL/TLS to encrypt a connection to a DB instance"): the app verifies
# the database's name against them, sslmode=verify-full. The very file: neither a page that says "sign in first" nor
# anything else becomes the trust store. AWS adds authorities well before others expire; then the sum is another one.
# Where that address cannot be reached: `--build-arg RDS_CA=https://mirror.example.com/global-bundle.pem`.
ARG RDS_CA=https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
ARG RDS_CA_SHA256=e5bb2084ccf45087bda1c9bffdea0eb15ee67f0b91646106e466714f9de3c7e3
ADD ${RDS_CA} rds/global-bundle.pem
RUN echo "${RDS_CA_SHA256}  rds/global-bundle.pem" | sha256sum --check --quiet
# The file system of the image's own processor, as files. Nobody in there becomes somebody else: the programs that could
# (su, mount, passwd) lose the right to.
COPY --from=debian / /image
RUN echo 'node:x:1000:' >> /image/etc/group \
  && echo 'node:x:1000:1000::/nonexistent:/usr/sbin/nologin' >> /image/etc/passwd \
  && find /image -xdev -type f -perm /6000 -exec chmod a-s {} + \
  && mkdir -p /image/etc/ssl/rds \
  && install -m 644 rds/global-bundle.pem /image/etc/ssl/rds/
COPY --from=node /usr/local/bin/node /image/usr/local/bin/node
COPY package.json app/
COPY posture app/posture
COPY contract app/contract
COPY sentinel app/sentinel
COPY app app/app
# Whatever umask the checkout had: root's to change, everybody's to read.
RUN chmod -R u=rwX,go=rX app

FROM --platform=$BUILDPLATFORM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe AS build-media
COPY --from=build /srv/rds rds
COPY --from=python / /media
COPY --from=yt-dlp /usr/local/bin/yt-dlp /media/usr/local/bin/yt-dlp
COPY --from=yt-dlp /usr/local/lib/python3.13/site-packages /media/usr/local/lib/python3.13/site-packages
# As above; and nothing that would install more.
RUN echo 'node:x:1000:' >> /media/etc/group \
  && echo 'node:x:1000:1000::/nonexistent:/usr/sbin/nologin' >> /media/etc/passwd \
  && rm -rf /media/usr/local/lib/python3.13/site-packages/pip* /media/usr/local/lib/python3.13/ensurepip /media/usr/local/bin/pip* \
  && find /media -xdev -type f -perm /6000 -exec chmod a-s {} + \
  && mkdir -p /media/etc/ssl/rds \
  && install -m 644 rds/global-bundle.pem /media/etc/ssl/rds/
COPY --from=node /usr/local/bin/node /media/usr/local/bin/node

FROM scratch AS media
COPY --from=build-media /media /
WORKDIR /srv
COPY --from=build /srv/node_modules node_modules
COPY --from=build /srv/app ./
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production YT_DLP=/usr/local/bin/yt-dlp
VOLUME ["/tmp"]
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["node", "app/main.ts"]

FROM scratch
COPY --from=build /image /
WORKDIR /srv
COPY --from=build /srv/node_modules node_modules
COPY --from=build /srv/app ./
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production
# The root file system is read-only where it runs. What is written goes here, and is gone with the task. Fargate gives
# the folder to root alone unless it is declared here.
VOLUME ["/tmp"]
USER 1000:1000
EXPOSE 8080
# No shell stands between: Node gets SIGTERM and drains. Run it with an init as process 1 (`docker run --init`, ECS
# `initProcessEnabled`): what comes in Node's first moments, before it can listen, is lost on a process 1.
ENTRYPOINT ["node", "app/main.ts"]
