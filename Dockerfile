FROM golang:1.26.10-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -o /out/tieout ./cmd/tieout

FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates tzdata && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/tieout /usr/local/bin/tieout
USER nobody
ENV TIEOUT_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["tieout"]
CMD ["serve"]
