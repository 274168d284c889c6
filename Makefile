# A thin door to the build: everything real happens in meson.build and tools/.
.DEFAULT_GOAL := build/konseki
.PHONY: build/konseki setup check test demo bench trials fuzz clean

setup:                      ## install the Debian packages of packages.txt
	@tools/setup

build/build.ninja: | setup
	@echo '== configuring the optimised build in build/'
	@meson setup build >build.log 2>&1 || { cat build.log; rm -f build.log; exit 1; }
	@rm -f build.log

build/konseki: build/build.ninja   ## the optimised program
	@echo '== building build/konseki'
	@ninja -C build konseki konseki-main konseki-gmo

check: build/build.ninja    ## the quick inner loop: style and unit tests, under a minute
	@tools/style
	@ninja -C build
	@tools/run-tests --suite unit --suite golden build

test: setup                 ## everything: style, release tests, sanitizers, scenarios, conformance
	@tools/test-all

demo: build/konseki         ## the main job on a small shipped site, each step with its command
	@tools/demo

bench: build/konseki        ## figures beside their peers' in bench/results/
	@ninja -C build
	@tools/bench

trials: build/konseki       ## faults and tampering: points x modes, kinds x places, and what came of it
	@tools/trials

fuzz: setup                 ## NAME=evtx SECONDS=60: one fuzzer for a while
	@tools/fuzz "$(NAME)" "$(SECONDS)"

clean:
	rm -rf build build-asan build-tsan build-fuzz
