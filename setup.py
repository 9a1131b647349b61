"""Package metadata: dependencies, extras and the `deploy-pipeline` command."""

from setuptools import find_packages, setup

setup(
    name="deploy-pipeline",
    version="0.1.0",
    description="Self-hosted CI/CD on Dagster for machine-learning services on AWS",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["deploy_pipeline", "deploy_pipeline.*"]),
    include_package_data=True,
    package_data={
        "deploy_pipeline": ["data/*.json", "data/trivy-checks/*.rego"],
        "deploy_pipeline.sandbox": ["data/**/*"],
    },
    install_requires=[
        "dagster>=1.13.27,<1.14",
        "dagster-webserver>=1.13.27,<1.14",
        "dagster-aws>=0.29.27,<0.30",
        "dagster-docker>=0.29.27,<0.30",
        "boto3>=1.43,<2",
        "docker>=7.2,<8",
        "githubkit[auth-app]>=0.16.1,<0.17",
        "hishel>=1.3,<2",  # githubkit 0.16 allows 2.0 and cannot be imported with it
        "slack-sdk>=3.47,<4",
        "pydantic>=2.14,<3",
        "pathspec>=1.0,<2",
        "packaging>=25,<27",
        "defusedxml>=0.7.1,<0.8",
        "ruamel.yaml>=0.19.1,<0.20",
        "tenacity>=9,<10",
        "click>=8.1,<9",
        "rich>=14,<16",
        "httpx>=0.28,<0.29",
        "starlette>=1.0,<2",
        "uvicorn>=0.50,<1",
    ],
    extras_require={
        "dev": [
            "pytest>=9,<10",
            "pytest-xdist>=3.8,<4",
            "pytest-cov>=7,<8",
            "hypothesis>=6.150,<7",
            "cmarkgfm>=2025.10.22",
            "mypy>=2.4,<3",
            "ruff>=0.17,<0.18",
            "import-linter>=2.16,<3",
            "boto3-stubs[ecr,ecs,elbv2,lambda,s3,sesv2,apigateway,bedrock-agent-runtime,sts]>=1.43,<1.44",
            "types-docker>=7.1",
            "types-defusedxml>=0.7",
            "moto>=5.2.5,<6",
            "pandas>=2.2,<4",
            "scikit-learn>=1.5,<2",
            "joblib>=1.4,<2",
            "playwright>=1.55,<2",
        ],
    },
    entry_points={"console_scripts": ["deploy-pipeline=deploy_pipeline.cli.main:main"]},
)
