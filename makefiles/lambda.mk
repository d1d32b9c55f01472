# Builds the layer and the functions for one pair of Python and processor. `sam build` runs a makefile builder without
# telling it either, so template.yaml picks the folder python3.13-arm64/, …, by its parameters, and the folder's name
# tells. Recipes run in a copy of the ContentUri or CodeUri; they need that Python on PATH, the layer with pip.

pair    := $(lastword $(filter python3.%,$(subst /, ,$(MAKEFILE_LIST))))
python  := $(firstword $(subst -, ,$(pair)))
machine := $(patsubst arm64,aarch64,$(lastword $(subst -, ,$(pair))))

# The wheels that Lambda runs. HOST_WHEELS=1 takes this machine's instead: emulated Lambda on anything but Linux.
ifneq ($(HOST_WHEELS),1)
lambda := --implementation cp --python-version $(patsubst python%,%,$(python)) \
	--platform manylinux_2_28_$(machine) --platform manylinux_2_17_$(machine) --platform manylinux2014_$(machine)
endif

# Files in a SAM zip are dated 1980, which ordinary .pyc files do not survive: unchecked-hash ones do, and spare
# every cold start the compiling. $(2) is where the files will lie, for tracebacks; $(3) are further options.
define compile
	find "$(1)" -name __pycache__ -prune -exec rm -rf {} +
	$(python) -m compileall -q $(3) --invalidation-mode unchecked-hash -s "$(1)" -p $(2) "$(1)"
endef

# Parts of packages that nothing here imports, a seventh of the layer: TikTok's client and the API need neither
# pydantic's old version nor Powertools' routers.
unused := pydantic/v1 aws_lambda_powertools/event_handler regex/tests bin

# What requirements.txt names, into the folder $(1).
define install
	$(python) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
		--only-binary=:all: $(lambda) --requirement requirements.txt --target "$(1)"
endef

# Of Pillow, more than half: fonts, colour management, windows, and the formats AVIF and WebP.
pillow := _avif _imagingcms _imagingft _imagingmath _imagingmorph _imagingtk _webp
pillow := $(pillow:%=PIL/%.*.so) $(addprefix pillow.libs/, libavif-* libbrotli* libfreetype-* libharfbuzz-* liblcms2-* \
	libpng16-* libsharpyuv-* libwebp*)

build-%Layer:
	mkdir -p "$(ARTIFACTS_DIR)/python"
	$(call install,$(ARTIFACTS_DIR)/python)
	for package in $(patsubst %/py.typed,%,$(wildcard */py.typed)); do \
		cp -R "$$package" "$(ARTIFACTS_DIR)/python"; done
	cd "$(ARTIFACTS_DIR)/python" && rm -rf $(unused)
	$(call compile,$(ARTIFACTS_DIR)/python,/opt/python,-j 0)

build-%Function:
	cp -R . "$(ARTIFACTS_DIR)"
	$(if $(wildcard requirements.txt),$(call install,$(ARTIFACTS_DIR)))
	cd "$(ARTIFACTS_DIR)" && rm -rf $(pillow)
	$(call compile,$(ARTIFACTS_DIR),/var/task)
