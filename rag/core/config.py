"""Settings: the only reader of `rag.toml` and of `RAG_*` environment variables.

Precedence: explicit arguments (command-line flags) over environment over `rag.toml` in the working
folder over the defaults below. Every setting is documented by its field.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.core.errors import ConfigError

CONFIG_FILE = "rag.toml"


class Settings(BaseSettings):
    """All settings, flat, so that `chunk_size` is `RAG_CHUNK_SIZE` and `chunk_size` in rag.toml."""

    model_config = SettingsConfigDict(env_prefix="RAG_", extra="forbid", frozen=True)

    # Where things are.
    sources: Path | None = Field(
        None,
        description="folder of source documents; none: the one the index was made from, or seeds",
    )
    index: Path = Field(Path("index"), description="folder of the index")

    # Ingest. Sizes in characters (code points); defaults chosen in benchmarks/chunking.md.
    chunk_size: int = Field(800, ge=100, le=8000, description="longest chunk, characters")
    chunk_overlap: int = Field(0, ge=0, le=2000, description="overlap of neighbours, characters")
    max_file_mb: int = Field(50, ge=1, le=2000, description="larger source files are skipped")

    # Models.
    embedder: str = Field("bundled", description="'bundled', a model folder, or a model name")
    query_prompt: str | None = Field(None, description="prefix for questions, for outside models")
    passage_prompt: str | None = Field(None, description="prefix for passages, likewise")
    reranker: str | None = Field(None, description="cross-encoder name or folder; none by default")
    threads: int = Field(0, ge=0, le=256, description="compute threads; 0: all cores")

    # Retrieval. The curve by weight is in benchmarks/results/retrieval.json.
    dense_weight: float = Field(0.5, ge=0.0, le=1.0, description="share of dense in the fusion")
    candidates: int = Field(100, ge=1, le=10_000, description="hits each retriever contributes")

    # Answering.
    abstain_below: float | None = Field(
        None, ge=0.0, le=1.0, description="refuse under this confidence; none: the fitted one"
    )
    unsupported: str = Field(
        "remove", pattern="^(remove|mark)$", description="what becomes of unsupported statements"
    )
    llm_base_url: str | None = Field(None, description="an OpenAI-compatible endpoint")
    llm_model: str | None = Field(None, description="the model to ask there")
    llm_api_key: SecretStr | None = Field(None, description="its key, if it wants one")
    llm_timeout: float = Field(60.0, gt=0, description="seconds for a whole LLM answer")
    llm_context: int = Field(8192, ge=256, description="the model's context window, tokens")
    llm_max_tokens: int = Field(700, ge=16, description="longest LLM answer, tokens")

    # Service.
    host: str = Field("127.0.0.1", description="address the service listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the service listens on")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma-separated keys that may read; needed to listen beyond localhost"
    )
    admin_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma-separated keys that may also upload and delete"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="comma-separated names the service may be called by, beside its own"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="comma-separated origins of other pages that may call the API"
    )
    rate_limit: str | None = Field(
        None, description="per client, like '600/minute'; none: only beyond localhost"
    )
    max_concurrent: int = Field(
        64, ge=1, le=10_000, description="requests worked on at once; more are turned away"
    )
    request_timeout: float = Field(120.0, gt=0, description="seconds one request may take")
    log_json: bool = Field(False, description="JSON logs on stderr")
    log_questions: bool = Field(False, description="let logs hold the text of questions")

    @field_validator("api_keys", "admin_keys", "allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        return (
            [key.strip() for key in value.split(",") if key.strip()]
            if isinstance(value, str)
            else value
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, Path(CONFIG_FILE))
        return (init_settings, env_settings, toml)


def load_settings(**flags: Any) -> Settings:
    """The settings in force; `flags` that are None count as not given.

    Raises ConfigError naming the setting, where it comes from, and what it may be.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{CONFIG_FILE} is not valid TOML: {error}.", "Mend that line.") from None
    except ValidationError as error:
        raise ConfigError(_describe(error, given), "See `rag --help` for the settings.") from None


def _describe(error: ValidationError, given: dict[str, Any]) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    if first["type"] == "extra_forbidden":
        return f"{CONFIG_FILE} has an unknown setting '{name}'."
    place = (
        "--" + name.replace("_", "-") if name in given else f"RAG_{name.upper()} or {CONFIG_FILE}"
    )
    return f"Bad value for '{name}' ({place}): {first['msg']}."
