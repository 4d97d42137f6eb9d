# The service, without torch: the bundled model needs only onnxruntime.
FROM python:3.12-slim AS build
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY rag ./rag
RUN python -m venv /opt/fonte \
 && /opt/fonte/bin/pip install --no-cache-dir -c constraints.txt ".[mcp]"

FROM python:3.12-slim
RUN groupadd --system --gid 10001 fonte \
 && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin fonte \
 && install -d -o fonte -g fonte /data /data/index /data/seeds
COPY --from=build /opt/fonte /opt/fonte
COPY --chown=fonte:fonte seeds /data/seeds
ENV PATH=/opt/fonte/bin:$PATH PYTHONUNBUFFERED=1 RAG_INDEX=/data/index RAG_SOURCES=/data/seeds \
    RAG_LOG_JSON=true
WORKDIR /data
USER 10001:10001
VOLUME ["/data/index", "/data/seeds"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s CMD ["python", "-c", \
  "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
# Listening beyond the container needs RAG_API_KEYS or RAG_ADMIN_KEYS: it does not start without.
ENTRYPOINT ["rag"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
