package lib.glob_test

import data.lib.glob

test_stars_stand_for_components_of_a_path if {
	every text, pattern in {
		"registry.example.com/shop/api": "registry.example.com/**",
		"registry.example.com/shop/web": "registry.example.com/shop/*",
		"registry.example.com/api": "registry.example.com/**/api",
		"registry.example.com/a/b/api": "registry.example.com/**/api",
		"eu.example.com/shop/api-v2": "*.example.com/shop/api-*",
		"docker.io/library/alpine": "**",
		"Dockerfile": "**/Dockerfile",
		"deploy/api.Dockerfile": "deploy/*.Dockerfile",
		"a+(b)[c]{d}$^|?\\": "a+(b)[c]{d}$^|?\\",
	} {
		glob.matches(text, ["elsewhere", pattern])
	}
}

test_stars_do_not_reach_over_the_bounds_of_components if {
	every text, pattern in {
		"registry.example.com/shop/api/v2": "registry.example.com/shop/*",
		"registry.example.com/shop-x/api": "registry.example.com/shop/*",
		"registry.example.com.evil.example/shop/api": "registry.example.com/**",
		"registryxexample.com/shop/api": "registry.example.com/**",
		"registry.example.com/shop/web": "registry.example.com/shop",
		"shop/api": "*",
		"SHOP/api": "shop/api",
		"x\ny": "x",
	} {
		not glob.matches(text, [pattern])
	}
	not glob.matches(null, ["**"])
	not glob.matches("x", [])
}
